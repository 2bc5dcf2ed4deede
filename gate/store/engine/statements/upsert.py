"""Insert rows that may be there already, in each database's own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from gate.store.engine.statements.prepared import Prepared

_POSTGRESQL: Final = "postgresql"


def insert_or_ignore(table: Table) -> Prepared:
    """Build an insert that leaves an existing row alone; its row count tells if it inserted."""

    def build(dialect: str) -> Executable:
        if dialect == _POSTGRESQL:
            # SQLAlchemy keeps the number of rows of updates and deletes only, unless asked to.
            added = postgresql.insert(table).on_conflict_do_nothing()
            return added.execution_options(preserve_rowcount=True)
        return sqlite.insert(table).on_conflict_do_nothing()

    return Prepared(build)


def insert_or_update(table: Table) -> Prepared:
    """Return a statement that overwrites every given column of an existing row.

    Every column of the table must be given.
    """
    keys = list(table.primary_key.columns)
    others = [column.name for column in table.columns if column not in keys]

    def build(dialect: str) -> Executable:
        insert: Callable[[Table], postgresql.Insert | sqlite.Insert] = (
            postgresql.insert if dialect == _POSTGRESQL else sqlite.insert
        )
        added = insert(table)
        return added.on_conflict_do_update(
            index_elements=keys, set_={name: added.excluded[name] for name in others}
        )

    return Prepared(build)
