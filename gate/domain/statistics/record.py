"""What is on record of a period, as the metrics need it.

Pure. `gate.store.statistics.record` reads it, `gate.domain.statistics.metrics` measures it. Each
value says when it began, so that a record can be cut into days. Days are UTC's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from gate.domain.incidents.events import IncidentEvent, Resolution
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus

T = TypeVar("T")

_TICK: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The time that is looked at: from `since` on, before `until`."""

    since: datetime
    until: datetime

    @classmethod
    def of_days(cls, days: int, now: datetime) -> Period:
        """Return so many whole days, of which the last is today as far as it has come.

        It ends with the present minute, so that what is shown of it stays the same for a while.
        """
        until = now.replace(second=0, microsecond=0) + _MINUTE
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(today - timedelta(days=days - 1), until)

    def earlier(self, days: int) -> Period:
        """Return the same time so many days before."""
        return Period(self.since - timedelta(days=days), self.until - timedelta(days=days))

    @property
    def last_day(self) -> date:
        """Return the day of the period's last instant."""
        return (self.until - _TICK).date()

    def seen(self, at: datetime | None) -> datetime | None:
        """Return an instant if it has come by the end of the period."""
        return at if at is not None and at < self.until else None


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many of the validation's run attempts that started on a day ended with a conclusion."""

    day: date
    conclusion: str
    count: int


@dataclass(frozen=True, slots=True)
class IncidentStory:
    """An incident: how it was resolved, what people did about it, and when messages were planned.

    `deeds` are in order. They need not hold what the gate did by itself; if they do, that counts
    for nobody. `how` is None while the incident is open.
    """

    opened_at: datetime
    resolved_at: datetime | None
    how: Resolution | None
    deeds: tuple[IncidentEvent, ...]
    messages: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """The requests of an environment that were opened on a day and had to wait.

    `ended` has the microseconds that each waited whose wait was over by the end of the period, the
    shortest first. `ongoing` counts the others, `ongoing_time` is what they had waited by then.
    """

    environment: str
    day: date
    ended: Sequence[int]
    ongoing: int
    ongoing_time: timedelta


@dataclass(frozen=True, slots=True)
class Release:
    """An entry of the trail that lets a request past its hold: an approval, or a bypass."""

    at: datetime
    repository_id: RepositoryId | None
    run_id: RunId
    run_attempt: int
    environment: str
    person: str
    is_bypass: bool

    @property
    def request(self) -> tuple[object, ...]:
        """Return what identifies the request."""
        return self.repository_id, self.run_id, self.run_attempt, self.environment


@dataclass(frozen=True, slots=True)
class FlowResult:
    """How a flow ended. `name` is hostile text."""

    name: str
    status: FlowStatus


@dataclass(frozen=True, slots=True)
class FlowReport:
    """The flows that the job of a run attempt reported at a time."""

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    at: datetime
    flows: tuple[FlowResult, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a period.

    `reports` are those of the repositories in which some flow is among those that made the most
    trouble, with the flows that made any: the others show nothing. Where there was too much to
    read, they are only those that came at `reports_since` or later.
    """

    attempts: tuple[Attempts, ...]
    stories: tuple[IncidentStory, ...]
    holds: tuple[Holds, ...]
    releases: tuple[Release, ...]
    reports: tuple[FlowReport, ...]
    reports_since: datetime | None = None


EMPTY: Final = Record((), (), (), (), ())
"""The record of a period in which nothing happened."""


def cut(record: Record, starts: Sequence[date]) -> list[Record]:
    """Cut a record into parts of some days each, given the first day of each part, in order.

    What began before the first is in no part. Reports are in none: whether a flow is flaky shows
    only in all reports of a run.
    """
    parts = zip(
        _cut(record.attempts, starts, lambda it: it.day),
        _cut(record.stories, starts, lambda it: it.opened_at.date()),
        _cut(record.holds, starts, lambda it: it.day),
        _cut(record.releases, starts, lambda it: it.at.date()),
        strict=True,
    )
    return [
        Record(tuple(attempts), tuple(stories), tuple(holds), tuple(releases), reports=())
        for attempts, stories, holds, releases in parts
    ]


def _cut(items: Iterable[T], starts: Sequence[date], day: Callable[[T], date]) -> list[list[T]]:
    parts: list[list[T]] = [[] for _ in starts]
    for item in items:
        at = bisect_right(starts, day(item))
        if at:
            parts[at - 1].append(item)
    return parts
