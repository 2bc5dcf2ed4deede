"""Insert rows that may be there already, in each database's own words."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from gate.store.database import Transaction


def insert_or_ignore(tx: Transaction, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Give a statement that leaves an existing row alone; `rowcount` tells whether it inserted."""
    return _ignoring(tx.dialect.name, table)


@cache
def _ignoring(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    if dialect == "postgresql":
        # SQLAlchemy keeps the number of rows of updates and deletes only, unless it is asked to.
        added = postgresql.insert(table).on_conflict_do_nothing()
        return added.execution_options(preserve_rowcount=True)
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_or_update(tx: Transaction, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Give a statement that writes every given column of an existing row anew.

    Every column of the table must be given.
    """
    return _replacing(tx.dialect.name, table)


@cache
def _replacing(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    keys = list(table.primary_key.columns)
    others = [column for column in table.columns if column not in keys]
    if dialect == "postgresql":
        insert = postgresql.insert(table)
        return insert.on_conflict_do_update(
            index_elements=keys, set_={c.name: insert.excluded[c.name] for c in others}
        )
    added = sqlite.insert(table)
    return added.on_conflict_do_update(
        index_elements=keys, set_={c.name: added.excluded[c.name] for c in others}
    )
