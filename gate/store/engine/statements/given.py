"""Join with rows that the caller gives, however many, as one parameter.

The statement stays the same for any number of rows, so it is compiled and planned once. As a table
of values it would be another one each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import CTE, ColumnElement, Text, bindparam, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

_PARAMETER: Final = "given"
_ONCE: Final = "MATERIALIZED"
"""Both databases then read the rows once, and not again for each row they are joined with."""

Types = Mapping[str, type[TypeEngine[Any]]]


def given_table(dialect: str, columns: Types) -> CTE:
    """Build the table of the rows that `given` puts into the parameters of a statement."""
    parameter = bindparam(_PARAMETER, type_=Text)
    if dialect == "postgresql":
        elements = func.jsonb_array_elements(cast(parameter, JSONB)).table_valued("value")
    else:
        elements = func.json_each(parameter).table_valued("value")
    values = [
        _element(dialect, elements.c.value, position, kind).label(name)
        for position, (name, kind) in enumerate(columns.items())
    ]
    return select(*values).cte("given").prefix_with(_ONCE)


def given(rows: Iterable[Sequence[int | str]]) -> Mapping[str, str]:
    """Return the parameters of a statement that joins with `given_table`."""
    return {_PARAMETER: msgspec.json.encode([list(row) for row in rows]).decode()}


def _element(
    dialect: str, row: ColumnElement[Any], position: int, kind: type[TypeEngine[Any]]
) -> ColumnElement[Any]:
    """Take one value out of a row, which is an array."""
    if dialect == "postgresql":
        return cast(row.op("->>")(literal_column(str(position))), kind)
    return func.json_extract(row, literal_column(f"'$[{position}]'"), type_=kind)
