"""Bring the schema up to date, and tell which version it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gate.errors import ConfigError
from gate.store.engine.database import Database
from gate.store.engine.migrations.compatibility import (
    Schema,
    Standing,
    check_usable,
    find_schema,
    record_compatibility,
)
from gate.store.engine.migrations.revisions import OURS, Revisions
from gate.store.engine.outages import lost_a_race, waited_too_long

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

    Each migration is committed by itself, so what was interrupted is continued by the next call. A
    schema that a newer release migrated stays as it is if it serves this release too. `offline`
    says that no node runs: only then may a step break every node that could be running. Running
    nodes have precedence: where they hold a table, the migration is undone and tried again for up
    to a minute. Raises ConfigError when the step is refused, when the schema is too new, when nodes
    or other readers never let go, and when the database is out of reach or no database.
    """
    with _usable():
        before, reached = _go_on(database, revisions, offline=offline)
        while (step := _go_on(database, revisions, offline=offline))[0] != step[1]:
            reached = step[1]
    return before, reached


def _go_on(database: Database, revisions: Revisions, *, offline: bool) -> tuple[str | None, str]:
    """Take one step once it is our turn; return the same revision twice when none is left."""
    tries = 0
    while tries < _TRIES:
        try:
            return _step(database, revisions, offline=offline)
        except _NotOurTurnError:
            # Whoever waited in a statement would keep an index from being built, and wait for it.
            sleep(_BREATH)
            continue
        except DBAPIError as error:
            if not (lost_a_race(error) or waited_too_long(error)):
                raise
        sleep(_BREATH)
        tries += 1
    problem = "a long transaction holds a table; end it, then run `gate migrate` again"
    raise ConfigError((f"GATE_DATABASE_URL: {problem}",))


class _NotOurTurnError(Exception):
    """Another node migrates."""


def _step(database: Database, revisions: Revisions, *, offline: bool) -> tuple[str | None, str]:
    """Apply the next migration; an empty database takes all of them at once."""
    is_sqlite = database.dialect == "sqlite"
    with database.engine.begin() as connection:
        if not is_sqlite:
            _take_turn(connection)
        schema = find_schema(connection, revisions)
        if schema.standing is Standing.EMPTY:
            _upgrade(connection, revisions, revisions.head)
            record_compatibility(connection, revisions, revisions.head)
            return None, revisions.head
        revision = str(schema.revision)
        if schema.standing is not Standing.BEHIND:
            check_usable(schema)
            return revision, revision
        # The lock beside a SQLite file has shown that nobody else is there.
        if not (offline or is_sqlite):
            _check_step(schema, revisions)
        following = revisions.following(revision)
        if revisions.is_concurrent(following) and not is_sqlite:
            with database.engine.connect() as apart:
                outside = apart.execution_options(isolation_level="AUTOCOMMIT")
                _upgrade(outside, revisions, following)
        else:
            _upgrade(connection, revisions, following)
        record_compatibility(connection, revisions, following)
        return revision, following


def _take_turn(connection: Connection) -> None:
    """Prevent other nodes from migrating until the transaction ends."""
    if not connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({_TURN})")):
        raise _NotOurTurnError
    connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    # It keeps the turn while an index is built apart, however long that takes.
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _upgrade(connection: Connection, revisions: Revisions, to: str) -> None:
    from alembic import command  # noqa: PLC0415 - see `revisions`

    config = revisions.config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


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
