"""Check the database, and the state of the gate's own work in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from gate.clock import Clock
from gate.doctor.clocks import compare_database_clock
from gate.doctor.findings import Finding, Level
from gate.domain.model.ids import RepositoryId
from gate.settings import Settings
from gate.store.engine import disks
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.disks import WAL
from gate.store.engine.migrations.compatibility import Schema, Standing
from gate.store.engine.migrations.migrate import read_schema
from gate.store.engine.server import is_pooled, journal_mode, server_time
from gate.store.github import repositories
from gate.store.inbox import deliveries
from gate.store.incidents import issues

_SQLITE: Final = "sqlite:///"
_LAG: Final = timedelta(minutes=5)


def find_database(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Check schema, queue and refused issues; the database is only read."""
    url = settings.database_url.get_secret_value()
    # Refuses a folder that is not there, or is far away; it makes no file.
    database = Database(url)
    try:
        if url.startswith(_SQLITE):
            disks.check_folder(Path(url.removeprefix(_SQLITE)).parent)
        if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
            yield Finding(Level.OK, "database", "no file yet; `gate serve` creates it")
            return
        schema = read_schema(database)
        yield _schema(schema, database.dialect)
        if not schema.is_usable:
            return
        yield from _way(database)
        if database.dialect != "sqlite":
            yield compare_database_clock(database.read(server_time), clock())
        yield _queue(database, clock())
        yield from _refused_issues(database)
    finally:
        database.close()


def _schema(schema: Schema, dialect: str) -> Finding:
    """Check whether this release can work with the schema."""
    found = f"{dialect}, {schema.describe()}"
    if not schema.is_usable:
        return Finding(Level.FAIL, "database", found)
    if schema.standing is Standing.AHEAD:
        return Finding(Level.WARN, "database", found, "upgrade this node")
    return Finding(Level.OK, "database", found)


def _way(database: Database) -> Iterator[Finding]:
    """Check how the database is kept, or reached."""
    if database.dialect == "sqlite":
        mode = database.read(journal_mode)
        if mode == WAL:
            yield Finding(Level.OK, "journal", "write-ahead log")
        else:
            remedy = "start `gate serve`: it sets `wal`, or reports why it cannot"
            yield Finding(Level.WARN, "journal", f"`{mode}`, not `wal`", remedy)
    elif database.read(is_pooled):
        found = "through a connection pooler; transaction mode works, statement mode does not"
        yield Finding(Level.OK, "sessions", found)


def _queue(database: Database, now: datetime) -> Finding:
    oldest = database.read(deliveries.oldest_unread)
    if oldest is None:
        return Finding(Level.OK, "queue", "no delivery is waiting")
    lag = now - oldest
    found = f"the oldest delivery has waited {lag.total_seconds():.0f} s"
    if lag > _LAG:
        return Finding(
            Level.WARN, "queue", found, "check that a worker is running, and read its log"
        )
    return Finding(Level.OK, "queue", found)


def _refused_issues(database: Database) -> Iterator[Finding]:
    """Name the repositories whose incidents go on without an issue that the policy wants."""
    for repository_id, reason in database.read(issues.refused_issues):
        known = database.read(partial(_name_of, repository_id))
        remedy = "see docs/how-to/respond-to-an-incident.md, or set `issue: false` in the policy"
        yield Finding(Level.WARN, f"issue in {known}", f"GitHub refuses it: {reason}", remedy)


def _name_of(repository_id: RepositoryId, snapshot: Snapshot) -> str:
    repository = repositories.read_repository(snapshot, repository_id)
    return repository.full_name if repository is not None else f"repository {repository_id}"
