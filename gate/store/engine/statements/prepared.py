"""Compile a statement once, and then run it on the driver's own cursor.

SQLAlchemy's way of running a statement costs several times what the driver takes for it, and a
decision takes some forty of them, on SQLite all in one thread. So the statements that every
delivery and every pass run are compiled by SQLAlchemy, once, and handed to the driver with their
types converted as SQLAlchemy would have it. PostgreSQL prepares them, too, so that it parses and
plans them once for each connection. See docs/adr/0012-prepared-statements.md.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Dialect, Executable
from sqlalchemy.sql.dml import Insert, UpdateBase
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.selectable import Select

_SQLITE: Final = "sqlite"
_namedtuple: Any = namedtuple  # noqa: PYI024  # the names are known at run time only

Process = Callable[[Any], Any]
Build = Callable[[str], Executable]
"""Makes a statement in the words of a dialect, given by name."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in a database's words; `binds` gives name, constant and conversion in order."""

    sql: str
    binds: tuple[tuple[str | None, Any, Process | None], ...]
    row: Callable[[Sequence[Any]], Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Put the values in order, each as the driver takes it."""
        return [
            constant if name is None else values[name] if process is None else process(values[name])
            for name, constant, process in self.binds
        ]


class Prepared:
    """A statement that is run often: a select, an insert, an update, with or without RETURNING.

    It must not have expanding parameters (`IN` over a list): their number is part of the text.
    Errors come as the driver's own; `outages` tells which are the database's state.
    """

    def __init__(self, statement: Executable | Build) -> None:
        """Take a statement, or what builds it where the databases differ; compile nothing yet."""
        self._build: Build = statement if callable(statement) else lambda _: statement
        self._compiled: dict[tuple[str, tuple[str, ...]], _Compiled] = {}
        self._built: dict[str, Executable] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Run it and give all rows, with the columns as attributes."""
        compiled = self._compile(connection, values)
        cursor = _run(connection, compiled.sql, compiled.arguments(values))
        return [compiled.row(row) for row in cursor.fetchall()]

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a row
        """Run it and give the first row; None when there is none."""
        rows = self.rows(connection, values)
        return rows[0] if rows else None

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it and give the number of rows it changed."""
        compiled = self._compile(connection, values)
        changed: int = _run(connection, compiled.sql, compiled.arguments(values)).rowcount
        return changed

    def _statement(self, connection: Connection) -> Executable:
        name = connection.dialect.name
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def _compile(self, connection: Connection, values: Mapping[str, Any]) -> _Compiled:
        """Compile for the columns that are given: an insert names only those."""
        key = connection.dialect.name, tuple(values)
        compiled = self._compiled.get(key)
        if compiled is None:
            statement = self._statement(connection)
            dialect = _by_position(connection.dialect)
            compiled = self._compiled[key] = _compile(statement, dialect, list(values))
        return compiled


def _run(connection: Connection, sql: str, arguments: list[Any]) -> Any:  # noqa: ANN401 - the driver's own cursor
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == _SQLITE:
        return driver.execute(sql, arguments)
    return driver.execute(sql, arguments, prepare=True, binary=True)


@cache
def _by_position(dialect: Dialect) -> Dialect:
    """Return a dialect that takes parameters by their position, as `_Compiled` gives them."""
    if dialect.positional:
        return dialect
    make: Callable[..., Dialect] = type(dialect)
    return make(paramstyle="format", dbapi=dialect.dbapi)


def _compile(statement: Executable, dialect: Dialect, keys: list[str]) -> _Compiled:
    columns = keys if isinstance(statement, Insert) else None
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
    binds = tuple(_bind(compiled.binds[name], dialect) for name in compiled.positiontup)
    return _Compiled(compiled.string, binds, _row(statement, dialect))


def _bind(bind: BindParameter[Any], dialect: Dialect) -> tuple[str | None, Any, Process | None]:
    """Return where the value of a parameter comes from and how the driver takes it."""
    if bind.expanding:
        msg = f"parameter {bind.key} is expanding and cannot be prepared"
        raise ValueError(msg)
    process = bind.type.dialect_impl(dialect).bind_processor(dialect)
    if bind.required:
        return bind.key, None, process
    constant = bind.effective_value
    return None, constant if process is None else process(constant), None


def _row(statement: Executable, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    """Return how a row of the driver becomes one with names, its values converted."""
    if not isinstance(statement, Select | UpdateBase):
        msg = f"{type(statement).__name__} cannot be prepared"
        raise TypeError(msg)
    columns: list[ColumnElement[Any]] = list(statement.exported_columns)
    names = [str(column.key) for column in columns]
    make: Callable[[Sequence[Any]], Any] = _namedtuple("Row", names)._make
    processes = [
        (at, process)
        for at, column in enumerate(columns)
        if (process := column.type.dialect_impl(dialect).result_processor(dialect, None))
    ]
    if not processes:
        return make

    def convert(row: Sequence[Any]) -> Any:  # noqa: ANN401 - a row
        values = list(row)
        for at, process in processes:
            values[at] = process(values[at])
        return make(values)

    return convert
