"""Bring the schema up to date, and tell which version it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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
from gate.store.engine.revisions import OURS, Revisions


def migrate(
    database: Database, *, offline: bool = False, revisions: Revisions = OURS
) -> tuple[str | None, str]:
    """Upgrade to the newest revision; return the revision before (None: empty) and after.

    A schema that a newer release migrated stays as it is if it serves this release too. `offline`
    says that no node runs: only then may a step break every node that could be running. Raises
    ConfigError when the step is refused, when the schema is too new, and when the database is out
    of reach or no database.
    """
    from alembic import command  # noqa: PLC0415 - see `revisions`

    with _usable(), database.engine.begin() as connection:
        schema = find_schema(connection, revisions)
        if schema.standing not in {Standing.EMPTY, Standing.BEHIND}:
            check_usable(schema)
            return schema.revision, str(schema.revision)
        # The lock beside a SQLite file has shown that nobody else is there.
        if not offline and database.dialect != "sqlite":
            _check_step(schema, revisions)
        config = revisions.config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        record_compatibility(connection, revisions)
        after = migration_context(connection).get_current_revision()
    return schema.revision, str(after)


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
