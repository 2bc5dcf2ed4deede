"""Count the days of times in a query, as whole numbers that both databases work out alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, literal, text, type_coerce

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH: Final = _BEGINNING.toordinal()


def day_number(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return an expression for the number of a time's day in UTC, for `day_of`."""
    # Written out: databases compare what is grouped by with what is selected, not with parameters.
    return type_coerce(column, BigInteger).op("/")(text("86400000000"))


def day_of(number: int) -> date:
    """Return the day of a number."""
    return date.fromordinal(_EPOCH + number)


def day_ordinal(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return an expression for a time's day as `date.toordinal` counts it."""
    return day_number(column) + literal(_EPOCH, BigInteger)


def number_of(at: datetime) -> int:
    """Return an instant as the whole number that is stored: microseconds since 1970."""
    return (at - _BEGINNING) // timedelta(microseconds=1)


def microseconds(column: ColumnElement[Any]) -> ColumnElement[int]:
    """Return a time as the whole number that is stored."""
    return type_coerce(column, BigInteger)
