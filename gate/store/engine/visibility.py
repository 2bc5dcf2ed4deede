"""Narrow a query to the repositories that its reader may see.

They are one parameter, however many: ten thousand parameters would take longer than the query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Dialect, Select, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType

from gate.domain.model.access import Visible
from gate.store.engine.statements.unindexed import unindexed

_WIDE: Final = 2_000
"""Repositories from which on it takes longer to look each of them up than to walk by time."""


def only_visible(
    query: Select[*tuple[Any, ...]], repository_id: ColumnElement[Any], visible: Visible
) -> Select[*tuple[Any, ...]]:
    """Return the query without rows of other repositories; unchanged for who may see them all."""
    if visible.repositories is None:
        return query
    count = len(visible.repositories)
    if count <= 1:
        # The rows of one repository come in the order of an index, and those of none at once.
        return query.where(repository_id.in_(visible.repositories))
    # SQLite expects some 25 numbers of a list that it does not know.
    number = repository_id if count < _WIDE else unindexed(repository_id)
    return query.where(_is_listed(number, bindparam(None, visible.listed, _Listed())))


class _Listed(UserDefinedType[str]):
    """Numbers separated by commas, which become a list in the words of the database."""

    cache_ok: bool | None = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """Return what makes an array of the numbers."""
        first, last = "{}" if dialect.name == "postgresql" else "[]"
        return lambda listed: f"{first}{listed}{last}"


class _is_listed(FunctionElement[Any]):  # noqa: N801 - used as a function
    """A condition that a number is listed.

    Without a type: SQLAlchemy would compare a Boolean with 1, and SQLite then uses no index.
    """

    inherit_cache: bool | None = True


@compiles(_is_listed, "sqlite")
def _in_json(element: _is_listed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    number, listed = (compiler.process(it, **options) for it in element.clauses)
    return f"{number} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - our own text


@compiles(_is_listed, "postgresql")
def _in_array(element: _is_listed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    number, listed = (compiler.process(it, **options) for it in element.clauses)
    return f"{number} = ANY (CAST({listed} AS BIGINT[]))"
