"""Prevent SQLite from using an index that it would take, where another one has all that is read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class unindexed(FunctionElement[int]):  # noqa: N801 - used as a function
    """A number in a query, by which SQLite looks nothing up.

    Nobody gathers statistics about its tables, so it takes the index of the repository or the time,
    and looks up every row. PostgreSQL knows better.
    """

    inherit_cache: bool | None = True
    type: TypeEngine[int] = BigInteger()


@compiles(unindexed)
def _plain(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return compiler.process(element.clauses, **options)


@compiles(unindexed, "sqlite")
def _disguised(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own
    return f"+{compiler.process(element.clauses, **options)}"
