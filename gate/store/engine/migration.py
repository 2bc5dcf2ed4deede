"""Bring the schema up to date, and tell which version it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gate.errors import ConfigError
from gate.store.engine.compatibility import (
    Schema,
    Standing,
    check_usable,
    find_schema,
    migration_context,
    record_compatibility,
)
from gate.store.engine.database import Database
from gate.store.engine.outages import lost_a_race, waited_too_long
from gate.store.engine.revisions import OURS, Revisions

# Whoever waits for the lock of a whole table keeps all others waiting behind it.
_PATIENCE: Final = "2s"
_BREATH: Final = 1.0
"""Seconds between two tries, in which running nodes do what has queued up."""
_TRIES: Final = 20
_TURN: Final = -0x67617465
"""The number of the lock of whoever migrates: below zero, where no installation has its turn."""


def migrate(
    database: Database, *, offline: bool = False, revisions: Revisions = OURS
) -> tuple[str | None, str]:
    """Upgrade to the newest revision; return the revision before (None: empty) and after.

    A schema that a newer release migrated stays as it is if it serves this release too. `offline`
    says that no node runs: only then may a step break every node that could be running. Running
    nodes have precedence: where they hold a table, everything is undone and tried again for up to a
    minute. Raises ConfigError when the step is refused, when the schema is too new, when nodes or
    other readers never let go, and when the database is out of reach or no database.
    """
    with _usable():
        for _ in range(_TRIES):
            try:
                with database.engine.begin() as connection:
                    return _upgrade(connection, revisions, offline=offline)
            except DBAPIError as error:
                if not (lost_a_race(error) or waited_too_long(error)):
                    raise
            sleep(_BREATH)
    problem = "a long transaction holds a table; end it, then run `gate migrate` again"
    raise ConfigError((f"GATE_DATABASE_URL: {problem}",))


def _upgrade(
    connection: Connection, revisions: Revisions, *, offline: bool
) -> tuple[str | None, str]:
    from alembic import command  # noqa: PLC0415 - see `revisions`

    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite:
        # First come, first served among nodes that migrate at once: the others find it done.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_TURN})"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    schema = find_schema(connection, revisions)
    if schema.standing not in {Standing.EMPTY, Standing.BEHIND}:
        check_usable(schema)
        return schema.revision, str(schema.revision)
    # The lock beside a SQLite file has shown that nobody else is there.
    if not (offline or is_sqlite):
        _check_step(schema, revisions)
    config = revisions.config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    record_compatibility(connection, revisions)
    return schema.revision, str(migration_context(connection).get_current_revision())


def _check_step(schema: Schema, revisions: Revisions) -> None:
    """Refuse a step over more than one release, which no running node would survive."""
    if schema.revision is not None and revisions.outruns(schema.revision):
        problem = (
            f"nodes that work with revision {schema.revision} cannot work with {schema.needed}:"
            " upgrade through the releases between them,"
            " or stop every node and run `gate migrate --offline`"
        )
        raise ConfigError((f"GATE_DATABASE_URL: {problem}",))


def read_schema(database: Database) -> Schema:
    """Read which revision the database has, and whether this release can work with it."""
    with _usable():
        return database.read(find_schema)


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # Drivers add lines of advice; the first says what is wrong.
        words = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
        raise ConfigError((f"GATE_DATABASE_URL: {words}",)) from error


def head_revision() -> str:
    """Name the revision that this release needs."""
    return OURS.head
