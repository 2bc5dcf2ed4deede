"""Note in the target how far a copy has come.

The note is a table that exists only while a copy is unfinished, so it belongs to no schema: a
service refuses to start on a database that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Column, MetaData, Table, Text, inspect, select, update

from gate.errors import ConfigError
from gate.store.copy.rows import Value
from gate.store.engine.database import Database, Snapshot, Transaction

_notes: Final = Table(
    "unfinished_copy",
    MetaData(),
    Column("table_name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_heads", Text, nullable=False),
    Column("last_key", Text),
    Column("copied", BigInteger, nullable=False),
)
_t: Final = _notes.c


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from, without a password, and a hash over the ends of its audit chains.

    The hash changes with nearly everything that a service does.
    """

    name: str
    heads: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far a table was copied: the key of the last row, and the number of rows."""

    last_key: tuple[Value, ...] | None = None
    copied: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A copy that was begun: from where, and how far each table was copied."""

    source: Source
    positions: Mapping[str, Position]


def read_progress(snapshot: Snapshot) -> Progress | None:
    """Read how far a copy has come; None when there is no unfinished one."""
    if not inspect(snapshot).has_table(_notes.name):
        return None
    rows = snapshot.execute(select(_notes)).all()
    positions = {
        row.table_name: Position(
            None if row.last_key is None else tuple(msgspec.json.decode(row.last_key)), row.copied
        )
        for row in rows
    }
    source = Source(rows[0].source, rows[0].source_heads) if rows else Source("", "")
    return Progress(source, positions)


def check_finished(database: Database) -> None:
    """Raise ConfigError when the database is the target of an unfinished copy."""
    progress = database.read(read_progress)
    if progress is not None:
        problem = (
            f"GATE_DATABASE_URL: the copy from {progress.source.name} is not finished;"
            " repeat `gate database copy`, or use another database"
        )
        raise ConfigError((problem,))


def begin(tx: Transaction, source: Source, tables: list[str]) -> None:
    """Note that a copy has begun."""
    _notes.create(tx)
    rows = [
        {"table_name": it, "source": source.name, "source_heads": source.heads, "copied": 0}
        for it in tables
    ]
    tx.execute(_notes.insert(), rows).close()


def advance(tx: Transaction, table: str, before: Position, after: Position) -> bool:
    """Note how far a table was copied; False when another process has done so meanwhile."""
    note = (
        update(_notes)
        .where(_t.table_name == table, _t.copied == before.copied)
        .values(copied=after.copied, last_key=msgspec.json.encode(after.last_key).decode())
    )
    return tx.execute(note).rowcount == 1


def finish(tx: Transaction) -> None:
    """Forget the copy: the database may be used."""
    _notes.drop(tx)
