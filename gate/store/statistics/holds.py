"""Read how long requests had to wait, a row for each environment, from one index.

A hundred thousand holds take too long as rows. The database puts them together as text, which is
read back as numbers: all are there, so that every figure is exact.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    cast,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.sql.functions import aggregate_strings

from gate.domain.statistics.record import Holds, Period
from gate.store.engine.codec import decode_numbers
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.requests import gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.statistics.days import day_number, day_of, microseconds, number_of
from gate.store.statistics.scope import Scope, unindexed

_t: Final = gate_requests.c
# Literal, so that both databases see that the partial index serves it.
_was_held: Final = text("was_held")

_opened_at: Final = unindexed(microseconds(_t.opened_at))

_Day = tuple[str, date]


def read_holds(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[Holds, ...]:
    """Read the holds of requests that were opened in the period, by environment and day."""
    ended = _read_ended(snapshot, period, scope)
    ongoing = _read_ongoing(snapshot, period, scope)
    return tuple(
        Holds(*day, _sorted(ended.get(day, [])), *ongoing.get(day, (0, timedelta(0))))
        for day in sorted({*ended, *ongoing})
    )


def _opened(period: Period) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _opened_at >= number_of(period.since), _opened_at < number_of(period.until)


def _narrowed(query: Select[Any], scope: Scope) -> Select[Any]:
    if scope.environment_key is not None:
        query = query.where(_t.environment_key == scope.environment_key)
    return only_visible(query, unindexed(_t.repository_id), scope.repositories)


def _sorted(lengths: list[int]) -> list[int]:
    """Sort lengths; clocks of two nodes may disagree, and an end before the beginning is none."""
    lengths.sort()
    return lengths if not lengths or lengths[0] >= 0 else [max(it, 0) for it in lengths]


def _read_ended(snapshot: Snapshot, period: Period, scope: Scope) -> dict[_Day, list[int]]:
    """Read the microseconds of the holds that were over by the end of the period."""
    lasted = microseconds(_t.ended_at) - microseconds(_t.waiting_since)
    pair = cast(day_number(_t.opened_at), Text) + literal(",") + cast(lasted, Text)
    query = (
        select(_t.environment_key, aggregate_strings(pair, ",").label("pairs"))
        .where(_was_held, *_opened(period), _t.ended_at < period.until)
        .group_by(_t.environment_key)
    )
    found: dict[_Day, list[int]] = {}
    for row in snapshot.execute(_narrowed(query, scope)):
        numbers = decode_numbers(f"[{row.pairs}]")
        by_day: dict[int, list[int]] = defaultdict(list)
        for number, length in zip(numbers[::2], numbers[1::2], strict=True):
            by_day[number].append(length)
        found |= {(row.environment_key, day_of(it)): lengths for it, lengths in by_day.items()}
    return found


def _read_ongoing(
    snapshot: Snapshot, period: Period, scope: Scope
) -> dict[_Day, tuple[int, timedelta]]:
    """Count the holds that were not over by the end of the period, and sum up their times."""
    waited = literal(number_of(period.until), BigInteger) - microseconds(_t.waiting_since)
    query: Any = (
        select(
            _t.environment_key,
            day_number(_t.opened_at).label("day"),
            func.count().label("holds"),
            func.sum(waited).label("waited"),
        )
        .where(
            _was_held,
            *_opened(period),
            or_(_t.ended_at.is_(None), _t.ended_at >= period.until),
        )
        .group_by(_t.environment_key, day_number(_t.opened_at))
    )
    return {
        (row.environment_key, day_of(row.day)): (row.holds, timedelta(microseconds=int(row.waited)))
        for row in snapshot.execute(_narrowed(query, scope))
    }
