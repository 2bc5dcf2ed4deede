"""Make SQLite files whose schema is up to date, without migrating each of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate

_PREFIX: Final = "sqlite:///"


def lay_out_schema(database_url: str) -> None:
    """Put the schema into a SQLite file that does not exist yet; any other database is left."""
    path = Path(database_url.removeprefix(_PREFIX))
    if database_url.startswith(_PREFIX) and not path.exists():
        path.write_bytes(_migrated_file())


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "gate.db")
        database = Database(f"{_PREFIX}{path}")
        migrate(database)
        database.close()
        return path.read_bytes()
