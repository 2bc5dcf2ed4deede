"""The metrics of a period as values.

Pure. `gate.domain.statistics.metrics` measures them and defines what they mean,
`gate.domain.statistics.document` renders them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.domain.model.ids import RepositoryId
from gate.domain.statistics.record import Period
from gate.domain.statistics.spread import Share, Spread


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """How long a response took; `waiting` still go on without it, `never` ended without it."""

    spread: Spread
    waiting: int
    never: int


@dataclass(frozen=True, slots=True)
class AlertLoad:
    """How many messages there were about how many incidents, and the most about one."""

    messages: int
    incidents: int
    most: int

    @property
    def mean(self) -> float | None:
        """Return the messages of one incident on average; None without incidents."""
        return self.messages / self.incidents if self.incidents else None


@dataclass(frozen=True, slots=True)
class HeldTime:
    """How long deployments were held: `spread` of those that ended, `total` of all."""

    spread: Spread
    going_on: int
    total: timedelta


@dataclass(frozen=True, slots=True)
class FlakyFlow:
    """A flow whose result is not to be relied on. `name` is hostile text."""

    repository_id: RepositoryId
    name: str
    runs: Share


@dataclass(frozen=True, slots=True)
class Stats:
    """The metrics of a period; those of flows only since `flaky_since`, if that is later."""

    period: Period
    pass_rate: Share
    incidents: int
    open_incidents: int
    time_to_acknowledge: ResponseTime
    time_to_decide: ResponseTime
    time_to_resolve: ResponseTime
    false_positives: Share
    alerts_per_incident: AlertLoad
    acted_on: Share
    held: HeldTime
    held_by_environment: tuple[tuple[str, HeldTime], ...]
    overrides: int
    bypasses: int
    flaky_flows: tuple[FlakyFlow, ...]
    flaky_since: datetime
