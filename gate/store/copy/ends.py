"""Check both ends of a copy: a source that keeps still, and a target that is empty.

A problem is a ConfigError that names what to do; nothing has been written then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.engine import make_url

from gate.domain.nodes.node import LOST_AFTER, NodeState
from gate.errors import ConfigError
from gate.store.copy.progress import Progress, Source, read_progress
from gate.store.copy.rows import copied_tables, count_rows
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.migrations.compatibility import Standing
from gate.store.engine.migrations.migrate import read_schema
from gate.store.engine.outages import busy, is_outage
from gate.store.engine.server import server_time
from gate.store.engine.tables import metadata
from gate.store.engine.tables.audit import audit_heads
from gate.store.nodes.nodes import list_nodes

_SQLITE: Final = "sqlite"
_LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '5s'"
"""Longer than PostgreSQL takes to make its own vacuum give way."""


def name_of(url: str) -> str:
    """Name a database without user and password: the same name means the same database."""
    parts = make_url(url)
    if parts.get_backend_name() == _SQLITE:
        return f"sqlite:///{Path(parts.database or '').resolve()}"
    host = parts.host or parts.query.get("host") or "localhost"
    return f"postgresql://{host}:{parts.port or 5432}/{parts.database}"


@contextmanager
def quiet_source(database: Database) -> Iterator[Snapshot]:
    """Lock a database against everyone's writing, and read one state of it, while this lasts.

    Raises ConfigError if somebody else keeps the database locked.
    """
    try:
        if database.dialect == _SQLITE:
            # The transaction begins IMMEDIATE, which shuts out all who write.
            with database.engine.begin() as connection:
                yield Snapshot(connection)
            return
        # Of an engine, the options of the one it was made from would come last.
        with database.engine.connect() as connection:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            connection.exec_driver_sql(_LOCK_TIMEOUT)
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            names = ", ".join(f'"{it.name}"' for it in metadata.sorted_tables)
            # Before any read: the state that is read is the one of the first statement.
            connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")
            yield Snapshot(connection)
    except Exception as error:
        # The rows are read on the driver itself, whose errors are bare.
        if is_outage(error) or isinstance(error, _driver_outage(database)):
            raise busy(error) from error
        raise


def _driver_outage(database: Database) -> type[Exception]:
    driver: Any = database.engine.dialect.loaded_dbapi
    outage: type[Exception] = driver.OperationalError
    return outage


def describe_source(snapshot: Snapshot, url: str) -> Source:
    """Name a source, with a hash over the ends of its audit chains."""
    return Source(name_of(url), sha256(msgspec.msgpack.encode(_heads(snapshot))).hexdigest())


def check_schema(database: Database, name: str) -> None:
    """Raise ConfigError unless the database has the very schema of this release.

    A newer one may have columns that this release would leave out.
    """
    schema = read_schema(database)
    match schema.standing:
        case Standing.CURRENT:
            return
        case Standing.EMPTY:
            problem = "the database is empty, so there is nothing to copy"
        case Standing.AHEAD:
            problem = f"{schema.describe()}, but only the release that migrated it can copy all"
        case _:
            problem = schema.describe()
    raise ConfigError((f"{name}: {problem}",))


def check_nobody_there(database: Database, name: str) -> None:
    """Raise ConfigError if a node uses a PostgreSQL database; beside a SQLite file is a lock.

    A node that was killed counts as one until it has been silent for too long.
    """
    if database.dialect == _SQLITE:
        return
    now = database.read(server_time)
    alive = [it for it in database.read(list_nodes) if it.state(now) is not NodeState.LOST]
    if alive:
        nodes = ", ".join(
            f"`gate {it.process.kind.value}` on {it.process.host} (process {it.process.pid})"
            for it in alive
        )
        wait = f"one that was killed is forgotten after {LOST_AFTER.seconds} seconds"
        raise ConfigError((f"{name}: the database is in use by {nodes}; stop it ({wait})",))


def holds_finished_copy(database: Database, source: Snapshot) -> bool:
    """Check whether nothing has happened at either end since a copy was finished.

    The audit chains end alike, and each table has as many rows. A source without a trail is not
    told from another one, so its copy is never recognized.
    """
    heads = _heads(source)
    if not heads or database.read(read_progress) is not None or database.read(_heads) != heads:
        return False
    return database.read(_counts) == _counts(source)


def _heads(snapshot: Snapshot) -> list[tuple[object, ...]]:
    rows = snapshot.execute(select(audit_heads).order_by(audit_heads.c.installation_id)).all()
    return [tuple(it) for it in rows]


def _counts(snapshot: Snapshot) -> list[int]:
    return [count_rows(snapshot, it) for it in copied_tables()]


def check_target(database: Database, source: Source) -> Progress | None:
    """Return how far a copy from `source` has come; None if the target is empty.

    Raises ConfigError for a target that has rows of its own, or rows of another source.
    """
    progress = database.read(read_progress)
    if progress is None:
        filled = database.read(_filled)
        if filled:
            problem = f"--to: the database has rows already ({', '.join(filled)})"
            raise ConfigError((f"{problem}; use an empty database",))
        return None
    again = "empty the target and begin again"
    if progress.source.name != source.name:
        problem = f"--to: an unfinished copy from {progress.source.name} is in it"
        raise ConfigError((f"{problem}; repeat that one, or {again}",))
    if progress.source.heads != source.heads:
        problem = f"--to: {source.name} has changed since the copy into it began"
        raise ConfigError((f"{problem}; {again}",))
    if set(progress.positions) != {it.name for it in copied_tables()}:
        problem = "--to: the copy into it was begun by another release"
        raise ConfigError((f"{problem}; {again}",))
    return progress


def _filled(snapshot: Snapshot) -> list[str]:
    """List the tables that have rows."""
    return [it.name for it in copied_tables() if snapshot.scalar(select(exists().select_from(it)))]
