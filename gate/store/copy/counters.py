"""Carry over the numbers that a database counts up by itself.

A number must not be used again: a deleted session's number would get another person's rights.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table, func, literal, select, text

from gate.store.engine.database import Snapshot, Transaction

_SQLITE: Final = "sqlite"


def copy_counters(source: Snapshot, tx: Transaction, tables: list[Table]) -> None:
    """Let each table of the target count on from the last number that the source has used."""
    for table in tables:
        if table.autoincrement_column is not None:
            _set_last_number(tx, table, max(_last_number(source, table), _largest(tx, table)))


def _largest(snapshot: Snapshot, table: Table) -> int:
    column = table.autoincrement_column
    assert column is not None  # noqa: S101 - the caller asked
    return snapshot.scalar(select(func.max(column))) or 0


def _last_number(snapshot: Snapshot, table: Table) -> int:
    """Return the last number in use as far as the database remembers; 0 if it does not."""
    if snapshot.dialect.name != _SQLITE:
        sequence = _sequence(snapshot, table)
        asked = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 - the database's own name
        return int(snapshot.scalar(text(asked)) or 0)
    if not _remembers(table):
        return 0
    asked = "SELECT seq FROM sqlite_sequence WHERE name = :name"
    return int(snapshot.scalar(text(asked), {"name": table.name}) or 0)


def _set_last_number(tx: Transaction, table: Table, number: int) -> None:
    if tx.dialect.name != _SQLITE:
        sequence = literal(_sequence(tx, table))
        tx.execute(select(func.setval(sequence, max(number, 1), number > 0))).close()
    elif _remembers(table):
        values = {"name": table.name, "seq": number}
        tx.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values).close()
        tx.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :seq)"), values).close()


def _sequence(snapshot: Snapshot, table: Table) -> str:
    column = table.autoincrement_column
    assert column is not None  # noqa: S101 - the caller asked
    asked = select(func.pg_get_serial_sequence(table.name, column.name))
    return str(snapshot.scalar(asked))


def _remembers(table: Table) -> bool:
    """Return whether SQLite keeps a table's last number although its row is gone."""
    return bool(table.dialect_options["sqlite"]["autoincrement"])
