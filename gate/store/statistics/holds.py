"""Read how long requests had to wait, a row for each environment, from one index.

A hundred thousand holds take too long as rows. The database puts their numbers together as text, a
number for each hold, which is read back at once: all are there, so that every figure is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
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

from gate.domain.model.request import RequestState
from gate.domain.statistics.record import Holds, Period
from gate.store.engine.codec import decode_numbers
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.unindexed import unindexed
from gate.store.engine.tables.requests import gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.statistics.days import day_ordinal, microseconds, number_of
from gate.store.statistics.scope import Scope

_DAY: Final = 10**15
"""What a day counts in the number of a hold: more microseconds than anything lasts."""

_ANSWERED: Final = (RequestState.APPROVED, RequestState.REJECTED)
_CLOSED: Final = (RequestState.LAPSED, RequestState.RESOLVED_ELSEWHERE, RequestState.UNANSWERABLE)

_t: Final = gate_requests.c
# Literal, so that both databases see that the partial index serves it.
_was_held: Final = text("was_held")
_answered_at: Final = case((_t.state.in_(_ANSWERED), _t.answered_at), else_=None)
_opened_at: Final = unindexed(microseconds(_t.opened_at))


def read_holds(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[Holds, ...]:
    """Read the holds of requests that were opened in the period, by environment and day.

    A node of an older version writes no end during an upgrade. What it answered ended then; what it
    closed without an answer is left out, for nobody knows when.
    """
    over: dict[str, list[str]] = defaultdict(list)
    ongoing: dict[str, list[str]] = defaultdict(list)
    for query in (
        _holds(_t.ended_at, period).where(_t.ended_at.is_not(None)),
        _holds(_answered_at, period).where(_t.ended_at.is_(None), _t.state.not_in(_CLOSED)),
    ):
        for row in snapshot.execute(_narrowed(query, scope)):
            over[row.environment_key] += [row.over] if row.over else []
            ongoing[row.environment_key] += [row.ongoing] if row.ongoing else []
    return tuple(
        holds
        for name in sorted({*over, *ongoing})
        for holds in _of_environment(name, ",".join(over[name]), ",".join(ongoing[name]), period)
    )


def _holds(end: ColumnElement[Any], period: Period) -> Select[Any]:
    """Select the holds of each environment, by when they ended; null is not yet."""
    until = literal(number_of(period.until), BigInteger)
    is_over = end < period.until
    lasted = microseconds(end) - microseconds(_t.waiting_since)
    waited = until - microseconds(_t.waiting_since)
    return (
        select(
            _t.environment_key,
            _numbers(is_over, lasted, period).label("over"),
            _numbers(or_(end.is_(None), ~is_over), waited, period).label("ongoing"),
        )
        .where(
            _was_held,
            _opened_at >= number_of(period.since),
            _opened_at < number_of(period.until),
        )
        .group_by(_t.environment_key)
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


def _of_environment(environment: str, over: str, ongoing: str, period: Period) -> list[Holds]:
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


def _by_day(numbers: str, period: Period) -> dict[date, list[int]]:
    """Take the numbers of holds apart again: the lengths of each day, the shortest first."""
    ordered = sorted(decode_numbers(f"[{numbers}]"))
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
