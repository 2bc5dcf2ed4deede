"""Read how long requests had to wait, a row for each environment, from one index.

A hundred thousand holds take too long as rows. The database puts their numbers together as text, a
number for each hold, which is read back at once: all are there, so that every figure is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    case,
    cast,
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
from gate.store.engine.unindexed import unindexed
from gate.store.engine.visibility import only_visible
from gate.store.statistics.days import day_ordinal, microseconds, number_of
from gate.store.statistics.scope import Scope

_DAY: Final = 10**15
"""What a day counts in the number of a hold: more microseconds than anything lasts."""

_t: Final = gate_requests.c
# Literal, so that both databases see that the partial index serves it.
_was_held: Final = text("was_held")
_opened_at: Final = unindexed(microseconds(_t.opened_at))


def read_holds(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[Holds, ...]:
    """Read the holds of requests that were opened in the period, by environment and day."""
    until = literal(number_of(period.until), BigInteger)
    is_over = _t.ended_at < period.until
    lasted = microseconds(_t.ended_at) - microseconds(_t.waiting_since)
    waited = until - microseconds(_t.waiting_since)
    query = (
        select(
            _t.environment_key,
            _numbers(is_over, lasted, period).label("over"),
            _numbers(or_(_t.ended_at.is_(None), ~is_over), waited, period).label("ongoing"),
        )
        .where(
            _was_held,
            _opened_at >= number_of(period.since),
            _opened_at < number_of(period.until),
        )
        .group_by(_t.environment_key)
    )
    return tuple(
        holds
        for row in sorted(snapshot.execute(_narrowed(query, scope)), key=lambda it: it[0])
        for holds in _of_environment(row.environment_key, row.over, row.ongoing, period)
    )


def _narrowed(query: Select[Any], scope: Scope) -> Select[Any]:
    if scope.environment_key is not None:
        query = query.where(_t.environment_key == scope.environment_key)
    return only_visible(query, unindexed(_t.repository_id), scope.repositories)


def _numbers(
    which: ColumnElement[bool], length: ColumnElement[int], period: Period
) -> ColumnElement[str]:
    """Put together a number for each of some holds: of its length, and how many days ago it began.

    Clocks of two nodes may disagree: an end before the beginning is none at all.
    """
    days_ago = literal(period.last_day.toordinal(), BigInteger) - day_ordinal(_t.opened_at)
    number = days_ago * literal(_DAY, BigInteger) + case((length > 0, length), else_=0)
    return aggregate_strings(case((which, cast(number, Text))), ",")


def _of_environment(
    environment: str, over: str | None, ongoing: str | None, period: Period
) -> list[Holds]:
    ended, others = _by_day(over, period), _by_day(ongoing, period)
    return [
        Holds(
            environment,
            day,
            ended.get(day, []),
            len(waited := others.get(day, [])),
            timedelta(microseconds=sum(waited)),
        )
        for day in sorted({*ended, *others})
    ]


def _by_day(numbers: str | None, period: Period) -> dict[date, list[int]]:
    """Take the numbers of holds apart again: the lengths of each day, the shortest first."""
    ordered = sorted(decode_numbers(f"[{numbers or ''}]"))
    found = {}
    start = 0
    while start < len(ordered):
        days_ago = ordered[start] // _DAY
        beginning = days_ago * _DAY
        end = bisect_left(ordered, beginning + _DAY, start)
        day = period.last_day - timedelta(days=days_ago)
        found[day] = [it - beginning for it in ordered[start:end]]
        start = end
    return found
