"""Bring the schema up to date, and tell which version it has.

Alembic is imported when it is needed: it is the largest part of the service that runs only once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gate.errors import ConfigError
from gate.store.engine.database import Database

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

_LOCATION = "gate.store.engine:migrations"


def migrate(database: Database) -> tuple[str | None, str]:
    """Upgrade to the newest revision; give the revision before (None: empty) and after.

    Raises ConfigError when the database is out of reach or no database.
    """
    from alembic import command  # noqa: PLC0415 - see the module

    with _usable(), database.engine.begin() as connection:
        before = _context(connection).get_current_revision()
        if before == head_revision():
            return before, before
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        after = _context(connection).get_current_revision()
    return before, str(after)


def schema_is_current(database: Database) -> bool:
    """Return whether the schema is the one this release needs."""
    with _usable():
        current = database.read(lambda snapshot: _context(snapshot).get_current_revision())
    return current == head_revision()


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # Drivers add lines of advice; the first says what is wrong.
        words = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
        raise ConfigError((f"GATE_DATABASE_URL: {words}",)) from error


@cache
def head_revision() -> str:
    """Name the revision that this release needs."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see the module

    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see the module

    config = Config()
    config.set_main_option("script_location", _LOCATION)
    return config


def _context(connection: Connection) -> MigrationContext:
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see the module

    return MigrationContext.configure(connection)
