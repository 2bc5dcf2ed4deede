"""Make up rows of every table, as any database may have them stored.

The values are made from the types of the columns, so a new table has rows without anyone thinking
of it. Only what a constraint asks for is heeded: keys differ, and references lead to a row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Integer, LargeBinary, Table, Text, UniqueConstraint

from gate.store.copy.rows import RELEASED, StoredRow, Value, copied_tables, key_of, write_rows
from gate.store.engine.database import Database, Transaction

Rows = dict[str, list[StoredRow]]

_LONG: Final = 2**63
_INTEGER: Final = 2**31
# What both databases can store: PostgreSQL has no NUL in text, and UTF-8 no surrogates.
_texts: Final = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12
)
_longs: Final = st.integers(-_LONG, _LONG - 1) | st.integers(0, 99)
_integers: Final = st.integers(-_INTEGER, _INTEGER - 1) | st.integers(0, 9)


def stored_rows(most: int = 4) -> st.SearchStrategy[Rows]:
    """Draw rows of every table, at least one of each."""

    @st.composite
    def draw_all(draw: st.DrawFn) -> Rows:
        found: Rows = {}
        for table in copied_tables():
            row = st.tuples(*(_values(column, found) for column in table.columns))
            unique = tuple(_picking(table, names) for names in _unique(table))
            # A table whose rows refer to others can have no more of them than there are keys.
            found[table.name] = draw(st.lists(row, min_size=1, max_size=most, unique_by=unique))
        return found

    return draw_all()


def fill(database: Database, rows: Rows) -> None:
    """Store rows as they are."""

    def work(tx: Transaction) -> None:
        for table in copied_tables():
            write_rows(tx, table, rows[table.name])

    database.transact(work)


def sorted_rows(rows: Rows) -> Rows:
    """Order the rows of each table by their keys, whatever a database's own order is."""
    tables = {it.name: it for it in copied_tables()}
    return {
        name: sorted(found, key=lambda row, it=tables[name]: key_of(it, row))  # type: ignore[misc]
        for name, found in rows.items()
    }


def without_leases(rows: Rows) -> Rows:
    """Release every lease."""
    return {
        table.name: [
            tuple(
                None if column.name in RELEASED else value
                for column, value in zip(table.columns, row, strict=True)
            )
            for row in rows[table.name]
        ]
        for table in copied_tables()
    }


def _values(column: Column[Any], found: Rows) -> st.SearchStrategy[Value]:
    values: st.SearchStrategy[Value]
    if column.foreign_keys:
        (reference,) = column.foreign_keys
        other = reference.column.table
        at = list(other.columns).index(reference.column)
        values = st.sampled_from([row[at] for row in found[other.name]])
    elif column.table.autoincrement_column is column:
        # What a database counts up by itself: it counts on from the largest.
        values = st.integers(1, _INTEGER)
    else:
        values = _of_type(column)
    return st.none() | values if column.nullable else values


def _of_type(column: Column[Any]) -> st.SearchStrategy[Value]:
    match column.type:
        case Boolean():
            return st.integers(0, 1)
        case Text():
            return _texts
        case LargeBinary():
            return st.binary(max_size=12)
        case Integer() if type(column.type) is Integer:
            return _integers
        case _:
            return _longs


def _unique(table: Table) -> list[tuple[str, ...]]:
    """List which columns together may not be the same in two rows."""
    constraints = [it.columns for it in table.constraints if isinstance(it, UniqueConstraint)]
    indexes = [it.columns for it in table.indexes if it.unique]
    keys = [table.primary_key.columns, *constraints, *indexes]
    return [tuple(column.name for column in it) for it in keys]


def _picking(table: Table, names: tuple[str, ...]) -> Callable[[StoredRow], tuple[Value, ...]]:
    places = [list(table.columns.keys()).index(name) for name in names]
    return lambda row: tuple(row[at] for at in places)
