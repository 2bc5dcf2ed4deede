"""Copy rows in batches, each one commit together with the note of how far the copy has come.

A copy that was interrupted at any point continues behind the last batch that was committed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Table

from gate.errors import GateError, RetryLater
from gate.store.copy import progress as notes
from gate.store.copy.counters import copy_counters
from gate.store.copy.digests import TableDigest, digest_table
from gate.store.copy.progress import Position, Progress, Source
from gate.store.copy.rows import StoredRow, batches, copied_tables, key_of, stream_rows, write_rows
from gate.store.engine.database import Database, Snapshot, Transaction

Tell = Callable[[str, int], None]
"""Called with a table and how many of its rows were dealt with since the last call."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a table has at either end."""

    table: str
    source: TableDigest
    target: TableDigest

    @property
    def is_same(self) -> bool:
        """Return whether both ends have the same rows."""
        return self.source == self.target


def copy_rows(
    snapshot: Snapshot, source: Source, target: Database, found: Progress | None, tell: Tell
) -> None:
    """Copy what is missing in the target, which is empty or has `found` copied already.

    Raises GateError("copy_stopped") when a row or the database stops it; what was copied stays.
    """
    tables = copied_tables()
    if found is None:
        target.transact(lambda tx: notes.begin(tx, source, [it.name for it in tables]))
    positions = {} if found is None else found.positions
    for table in tables:
        position = positions.get(table.name, Position())
        tell(table.name, position.copied)
        _copy_table(snapshot, target, table, position, tell)
    target.transact(lambda tx: copy_counters(snapshot, tx, tables))


def compare_tables(snapshot: Snapshot, target: Database, tell: Tell) -> list[Comparison]:
    """Read every table at both ends and compare the digests.

    Nobody else writes into the target, so each table may be read by itself, and no transaction is
    open there while the source is read.
    """
    found = []
    for table in copied_tables():
        source = digest_table(snapshot, table)
        copied = target.read(partial(digest_table, table=table))
        found.append(Comparison(table.name, source, copied))
        tell(table.name, source.rows)
    return found


def _copy_table(
    snapshot: Snapshot, target: Database, table: Table, position: Position, tell: Tell
) -> None:
    for rows in batches(stream_rows(snapshot, table, position.last_key)):
        after = Position(key_of(table, rows[-1]), position.copied + len(rows))
        try:
            target.transact(partial(_write, table=table, rows=rows, before=position, after=after))
        except Exception as error:
            raise _stopped(target, table, rows, position, error) from error
        tell(table.name, len(rows))
        position = after


def _write(
    tx: Transaction, *, table: Table, rows: list[StoredRow], before: Position, after: Position
) -> None:
    if not notes.advance(tx, table.name, before, after):
        raise GateError("copy_stopped", "another process copies into the same database")
    write_rows(tx, table, rows)


def _stopped(
    target: Database, table: Table, rows: list[StoredRow], position: Position, error: Exception
) -> Exception:
    """Name where a copy stopped; an error that is ours stays as it is."""
    place = f"table {table.name}, after {position.copied} rows"
    driver: Any = target.engine.dialect.loaded_dbapi
    if isinstance(error, RetryLater):
        return GateError("copy_stopped", f"{place}: {error.detail}")
    if not isinstance(error, driver.Error):
        return error
    words = (str(error).splitlines() or [type(error).__name__])[0]
    if isinstance(error, driver.OperationalError):
        return GateError("copy_stopped", f"{place}: {words}")
    between = f"{key_of(table, rows[0])} and {key_of(table, rows[-1])}"
    return GateError("copy_stopped", f"{place}: {words}; the row is between {between}")
