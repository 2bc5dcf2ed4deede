"""Recognize a database that was restored from a backup, and begin a new segment of its trail.

A backup carries a table that no schema has. The first service that starts on it finds the table,
records in every chain that what came after the backup is lost, and drops it.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from sqlalchemy import Column, MetaData, Table, Text, func, inspect, select

from gate.domain.audit.chain import written
from gate.domain.audit.segments import Origin, begin_segment
from gate.domain.model.ids import InstallationId
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.tables.audit import audit_heads
from gate.store.engine.turns import take_turns

_SQLITE: Final = "sqlite"
_TURN: Final = -0x6D61726B
"""The number of the lock of whoever begins: below zero, where no installation has its turn."""

_mark: Final = Table("backup_mark", MetaData(), Column("backup_at", Text, nullable=False))


def mark_backup(backup: sqlite3.Connection, at: datetime) -> None:
    """Mark a file as a backup of a time; the backup of a backup keeps the older mark."""
    backup.execute(f"CREATE TABLE IF NOT EXISTS {_mark.name} (backup_at TEXT NOT NULL)")
    (marks,) = backup.execute(f"SELECT count(*) FROM {_mark.name}").fetchone()  # noqa: S608 - our own name
    if not marks:
        backup.execute(f"INSERT INTO {_mark.name} VALUES (?)", [written(at)])  # noqa: S608 - our own name


def read_mark(snapshot: Snapshot) -> str | None:
    """Return when the backup was made that this database is; None if it is none."""
    return snapshot.scalar(select(_mark.c.backup_at)) if _is_marked(snapshot) else None


def write_mark(tx: Transaction, backup_at: str) -> None:
    """Mark a copy of a backup."""
    _mark.create(tx)
    tx.execute(_mark.insert().values(backup_at=backup_at)).close()


def begin_after_restoring(database: Database, now: datetime) -> bool:
    """Begin a segment in every chain of a restored backup; return whether this call did.

    Of several nodes that start on it at once, one does.
    """
    if not database.read(_is_marked):
        return False

    def work(tx: Transaction) -> bool:
        if tx.dialect.name != _SQLITE:
            tx.execute(select(func.pg_advisory_xact_lock(_TURN))).close()
        # Another node may have come first.
        backup_at = read_mark(tx)
        if backup_at is None:
            return False
        begin_segments(tx, backup_at, now)
        _mark.drop(tx)
        return True

    return database.transact(work)


def _is_marked(snapshot: Snapshot) -> bool:
    return inspect(snapshot).has_table(_mark.name)


def begin_segments(tx: Transaction, backup_at: str, now: datetime) -> int:
    """Begin a segment in every chain, and return how many there are."""
    heads = select(audit_heads.c.installation_id).order_by(audit_heads.c.installation_id)
    installation_ids = [InstallationId(it) for it in tx.scalars(heads)]
    take_turns(tx, installation_ids)
    for installation_id in installation_ids:
        detail = {"backup_at": backup_at}
        record_audit(tx, begin_segment(installation_id, now, Origin.BACKUP_RESTORED, detail))
    return len(installation_ids)
