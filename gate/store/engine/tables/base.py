"""What all tables share: the metadata, times, counting keys, and the columns of work that waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    text,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, exact to the microsecond and equal on both databases."""

    impl: type[BigInteger] = BigInteger  # type: ignore[mutable-override]  # as SQLAlchemy documents
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store microseconds; a naive datetime is a mistake of ours and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a datetime without a time zone cannot be stored"
            raise ValueError(msg)
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Return an aware UTC datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# SQLite counts up by itself only in a column that is called INTEGER.
Serial: Final = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def due_columns() -> tuple[Column[Any], ...]:
    """Build the five columns of a row that waits to be worked on; see `gate.store.engine.due`."""
    return (
        Column("due_at", UtcDateTime),
        Column("attempts", Integer, nullable=False),
        Column("lease_token", Integer, nullable=False),
        Column("lease_until", UtcDateTime),
        Column("lease_owner", Text),
    )


def due_index(table: str) -> Index:
    """Build the index by which due rows of a table are found among all that are settled."""
    return Index(
        f"ix_{table}_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    )
