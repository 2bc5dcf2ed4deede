"""Define an incident: a failing production validation, from the first failure to its resolution.

Pure. A repository's environment has at most one open incident. Everything that happens to it is an
event with a time and an actor; folding the events gives its current state. Who may cause which
event, and which messages follow, is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.incidents.events import (
    Acknowledged,
    Alerted,
    AlertLost,
    Bypassed,
    Decided,
    Detailed,
    FailedAgain,
    Failure,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Recovery,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.model.course import Course
from gate.domain.model.ids import IncidentId, InstallationId, RepositoryId
from gate.domain.text.escaping import cut

REOPEN_WITHIN: Final = timedelta(hours=1)
"""A validation that fails again this soon after the resolution reopens the incident."""

LASTING: Final = timedelta(minutes=10)
"""A failure this long after the resolution is a new outbreak, which pages again."""

GATE: Final = "gate"
"""The actor of events that no person caused."""


@dataclass(frozen=True, slots=True)
class IncidentPlace:
    """Where an incident is: one environment of one repository of one installation."""

    installation_id: InstallationId
    repository_id: RepositoryId
    environment: str


@dataclass(frozen=True, slots=True)
class Word:
    """Who did something, when, and the reason they gave."""

    at: datetime
    actor: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """The state of an incident after its events.

    `failure` is the newest one that is known, `failures` counts failed attempts. `acknowledged`,
    `decided` (with `course`) and `resolved` (with `how`, and `recovery` when a run passed) are None
    until they happen. Reopening clears `resolved`. After a resolution that was `LASTING`, it also
    clears what people did, and begins another `outbreak` (counted from 1) at `broke_out_at`.
    `reopened_at` is the time of the last reopening.
    """

    id: IncidentId
    place: IncidentPlace
    opened_at: datetime
    failure: Failure
    failures: int = 1
    alerted_at: datetime | None = None
    acknowledged: Word | None = None
    decided: Word | None = None
    course: Course | None = None
    silenced: Word | None = None
    silenced_until: datetime | None = None
    resolved: Word | None = None
    how: Resolution | None = None
    recovery: Recovery | None = None
    reopenings: int = 0
    reopened_at: datetime | None = None
    outbreak: int = 1
    later_outbreak_at: datetime | None = None

    @property
    def broke_out_at(self) -> datetime:
        """Return when the current outbreak began, from which the deadlines count."""
        return self.later_outbreak_at or self.opened_at

    @property
    def is_open(self) -> bool:
        """Return whether the incident is open."""
        return self.resolved is None

    @property
    def resolved_at(self) -> datetime | None:
        """Return when the incident was resolved."""
        return self.resolved.at if self.resolved is not None else None

    def is_silenced(self, now: datetime) -> bool:
        """Return whether messages are paused at `now`."""
        return self.silenced_until is not None and now < self.silenced_until


_MOST_LISTED: Final = 20
_MOST_WORDS: Final = 300


def summarized(what: Happening) -> Happening:
    """Return an event as the timeline stores it: with the first flows of a failure.

    The incident itself stores its newest failure completely.
    """
    if not isinstance(what, Opened | FailedAgain | Reopened):
        return what
    failure = what.failure
    flows = tuple(
        replace(it, error=cut(it.error, _MOST_WORDS)) for it in failure.flows[:_MOST_LISTED]
    )
    newly = failure.newly_failing
    short = replace(
        failure,
        flows=flows,
        unnamed=failure.count - len(flows),
        newly_failing=newly[:_MOST_LISTED] if newly is not None else None,
        artifact_urls=failure.artifact_urls[:_MOST_LISTED],
    )
    return replace(what, failure=short)


def open_incident(
    incident_id: IncidentId, place: IncidentPlace, at: datetime, opened: Opened
) -> Incident:
    """Create an incident from the event that opened it."""
    return Incident(incident_id, place, at, opened.failure)


def apply(incident: Incident, event: IncidentEvent) -> Incident:
    """Apply one event. The first acknowledgment counts, and the last decision."""
    what, word = event.what, Word(event.at, event.actor)
    changed = incident
    match what:
        case Opened() | AlertLost() | Overridden() | Bypassed():
            pass
        case FailedAgain(failure):
            changed = _failed(incident, failure)
        case Detailed(urls):
            changed = replace(incident, failure=replace(incident.failure, artifact_urls=urls))
        case Reopened(failure):
            changed = _reopened(incident, failure, event.at)
        case Alerted():
            changed = replace(incident, alerted_at=incident.alerted_at or event.at)
        case Acknowledged():
            changed = replace(incident, acknowledged=incident.acknowledged or word)
        case Decided(course, why):
            acknowledged = incident.acknowledged or word
            decided = replace(word, why=why)
            changed = replace(incident, acknowledged=acknowledged, decided=decided, course=course)
        case Silenced(until, why):
            changed = replace(incident, silenced=replace(word, why=why), silenced_until=until)
        case Resolved(how, why, recovery):
            ended = replace(word, why=why)
            changed = replace(incident, resolved=ended, how=how, recovery=recovery)
        case _:
            assert_never(what)
    return changed


def _reopened(incident: Incident, failure: Failure, at: datetime) -> Incident:
    """Reopen the incident; an accepted risk does not cover the new failure."""
    was_accepted = incident.how is Resolution.RISK_ACCEPTED
    reopened = replace(
        _failed(incident, failure),
        decided=None if was_accepted else incident.decided,
        course=None if was_accepted else incident.course,
        resolved=None,
        how=None,
        recovery=None,
        reopenings=incident.reopenings + 1,
        reopened_at=at,
    )
    # When nothing was gated any more, the resolution says nothing about the validation.
    has_lasted = incident.resolved is not None and at - incident.resolved.at >= LASTING
    if not has_lasted and incident.how is not Resolution.NOT_GATED:
        return reopened
    return replace(
        reopened,
        acknowledged=None,
        decided=None,
        course=None,
        silenced=None,
        silenced_until=None,
        outbreak=incident.outbreak + 1,
        later_outbreak_at=at,
    )


def _failed(incident: Incident, failure: Failure) -> Incident:
    is_new = failure.attempt != incident.failure.attempt
    return replace(incident, failure=failure, failures=incident.failures + is_new)
