"""Read and write whole tables as plain values that are equal on both databases.

A stored value is a whole number, text, bytes or nothing: times are whole numbers, and a boolean is
read as 0 or 1. So a row reads the same wherever it is stored, and is written without conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
    select,
)

from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.tables import metadata
from gate.store.engine.tables.base import UtcDateTime

Value = int | str | bytes | None
StoredRow = tuple[Value, ...]

LEFT_BEHIND: Final[Mapping[str, str]] = {
    "nodes": "lists the processes that use its own database",
    "schema_compatibility": "says what its own database is good for; migrations fill it",
}
"""Tables that are not copied, each with the reason."""

RELEASED: Final = frozenset({"lease_until", "lease_owner"})
"""The columns that say who holds a row, and until when."""

_SQLITE: Final = "sqlite"
_PLAIN: Final = (BigInteger, Boolean, Integer, LargeBinary, Text, UtcDateTime)
"""The types of which both databases give the same plain values."""

_FETCHED: Final = 1_000
_BATCH_ROWS: Final = 5_000
_BATCH_BYTES: Final = 16 * 1024 * 1024


def copied_tables() -> list[Table]:
    """List the tables that are copied, each after the tables that it refers to."""
    return [it for it in metadata.sorted_tables if it.name not in LEFT_BEHIND]


def check_types(tables: Iterable[Table]) -> list[str]:
    """List the columns whose values may differ between the databases; there must be none."""
    return [
        str(column)
        for table in tables
        for column in table.columns
        if not isinstance(column.type, _PLAIN)
    ]


def count_rows(snapshot: Snapshot, table: Table) -> int:
    """Count the rows of a table."""
    return snapshot.scalars(select(func.count()).select_from(table)).one()


def stream_rows(
    snapshot: Snapshot, table: Table, after: Sequence[Value] | None = None
) -> Iterator[StoredRow]:
    """Read the rows of a table in the order of its key, those after a key if one is given.

    Leases read as released: whoever held them does not work on the copy. The order of text differs
    between databases, so a key is a position only in the database that it was read from.
    """
    statement = _select(table, snapshot.dialect, after)
    with closing(_cursor(snapshot)) as cursor:
        cursor.execute(statement, tuple(after or ()))
        yield from cursor


def write_rows(tx: Transaction, table: Table, rows: Sequence[StoredRow]) -> None:
    """Insert rows as `stream_rows` gives them; errors of the driver are its own."""
    quote = tx.dialect.identifier_preparer.quote
    names = ", ".join(quote(it.name) for it in table.columns)
    driver = _driver(tx)
    if tx.dialect.name == _SQLITE:
        marks = ", ".join("?" for _ in table.columns)
        into = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        driver.executemany(into, rows).close()
        return
    into = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def key_of(table: Table, row: StoredRow) -> tuple[Value, ...]:
    """Return the values of a row's primary key."""
    return tuple(
        value for column, value in zip(table.columns, row, strict=True) if column.primary_key
    )


def batches(rows: Iterator[StoredRow]) -> Iterator[list[StoredRow]]:
    """Group rows for one commit each: some thousands, or fewer if they are large."""
    batch: list[StoredRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(it) for it in row if isinstance(it, str | bytes))
        if len(batch) == _BATCH_ROWS or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _select(table: Table, dialect: Dialect, after: Sequence[Value] | None) -> str:
    quote = dialect.identifier_preparer.quote
    values = ", ".join(_stored(it, dialect) for it in table.columns)
    key = ", ".join(quote(it.name) for it in table.columns if it.primary_key)
    condition = ""
    if after is not None:
        marks = ", ".join(["?" if dialect.name == _SQLITE else "%s"] * len(after))
        condition = f" WHERE ({key}) > ({marks})"
    return f"SELECT {values} FROM {quote(table.name)}{condition} ORDER BY {key}"  # noqa: S608 - our own names


def _stored(column: Column[Any], dialect: Dialect) -> str:
    name = dialect.identifier_preparer.quote(column.name)
    if column.name in RELEASED:
        return "NULL"
    if isinstance(column.type, Boolean) and dialect.name != _SQLITE:
        return f"CAST({name} AS INTEGER)"
    return name


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own cursor
    """Open a cursor that does not read everything at once."""
    driver = _driver(connection)
    if connection.dialect.name == _SQLITE:
        return driver.cursor()
    cursor = driver.cursor("copied_rows", binary=True)
    cursor.itersize = _FETCHED
    return cursor


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own connection
    return connection.connection.driver_connection
