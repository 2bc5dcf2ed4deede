"""Start PostgreSQL, and make migrated databases for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Final

from sqlalchemy import create_engine, make_url, text

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from tests.support.postgres_server import postgresql_server

_TEMPLATE: Final = "migrated_template"


class PostgresServer:
    """A running server that hands out migrated databases, each a copy of one template."""

    def __init__(self, url: str) -> None:
        """Migrate the template; `url` is that of the server's database `postgres`."""
        self._url = make_url(url)
        self._admin = create_engine(url, isolation_level="AUTOCOMMIT")
        self._numbers = count(1)
        self._execute(f"CREATE DATABASE {_TEMPLATE}")
        database = Database(self._named(_TEMPLATE))
        migrate(database)
        database.close()

    @contextmanager
    def migrated_database(self) -> Iterator[str]:
        """Make a migrated database without rows, and drop it afterwards."""
        with self._database(f"TEMPLATE {_TEMPLATE}") as url:
            yield url

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Make a database that was never migrated, and drop it afterwards."""
        with self._database() as url:
            yield url

    def set_read_only(self, url: str, *, read_only: bool) -> None:
        """Let a database refuse writes, or take them again; end every connection to it."""
        name = make_url(url).database
        setting = "on" if read_only else "off"
        self._execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {setting}")
        self._execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - our own name
        )

    @property
    def socket(self) -> str:
        """Return the path of the socket on which it listens."""
        return f"{self._url.query['host']}/.s.PGSQL.5432"

    def close(self) -> None:
        """Let go of the server."""
        self._admin.dispose()

    @contextmanager
    def _database(self, options: str = "") -> Iterator[str]:
        name = f"gate_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} {options}")
        try:
            yield self._named(name)
        finally:
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _named(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server while the context lasts; see `postgresql_server` for when that is skipped."""
    with postgresql_server() as url:
        server = PostgresServer(url)
        try:
            yield server
        finally:
            server.close()
