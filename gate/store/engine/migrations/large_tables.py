"""Build indexes on tables that are large where a fleet runs, while its nodes go on writing.

PostgreSQL does so only outside a transaction, so a migration that calls this declares
`concurrent = True`. An empty database gets the index in the transaction that makes its tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from alembic import op
from sqlalchemy import text

_OUTSIDE: Final = "AUTOCOMMIT"


def create_index(name: str, table: str, columns: Sequence[str], *, where: str) -> None:
    """Create a partial index; what an interrupted call has left of it is replaced."""
    options: dict[str, Any] = {"sqlite_where": text(where), "postgresql_where": text(where)}
    if op.get_bind().get_execution_options().get("isolation_level") == _OUTSIDE:
        options["postgresql_concurrently"] = True
        # An index whose building was interrupted is there, and of no use.
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
    op.create_index(name, table, columns, unique=False, **options)
