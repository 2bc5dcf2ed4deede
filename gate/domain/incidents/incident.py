"""Keep the story of one failing production validation, from the first red to its end.

Pure. There is one incident for a repository and environment until it is over. What happens to it
is an event with a time and an actor; folding the events gives what the incident is now. Who may
cause which event, and what is said about it, is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final, assert_never

from gate.domain.model.alert import FailedFlow
from gate.domain.model.ids import IncidentId, InstallationId, RepositoryId, RequestId, RunId, Sha
from gate.domain.text.escaping import cut

REOPEN_WITHIN: Final = timedelta(hours=1)
"""A validation that fails again this soon after the end is the same incident."""

LASTING: Final = timedelta(minutes=10)
"""An end that lasts this long is believed: what fails after it calls people anew."""

GATE: Final = "gate"
"""The actor of what nobody did."""


class Course(StrEnum):
    """What people have decided to do about a failure."""

    ROLLBACK = "rollback"
    FIX_FORWARD = "fix-forward"
    ACCEPT_RISK = "accept-risk"


class Resolution(StrEnum):
    """How an incident came to its end; `not_gated`: the policy asks nothing of the environment."""

    VALIDATION_PASSED = "validation_passed"
    RISK_ACCEPTED = "risk_accepted"
    BY_HAND = "by_hand"
    NOT_GATED = "not_gated"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed run attempt of the validation.

    `flows` is empty when nobody reported which flows failed; `detail` then says what is known.
    `unnamed` counts those that failed besides and whose names are not kept.
    `newly_failing` names those of them that did not fail in the validation before; None when that
    one was not reported.
    `by_alert_only` says that the run ended green, and nothing but an alert of its job calls it a
    failure: then no deployment is held because of it.
    Flow names, errors, `detail`, `terraform_deployment_id` and `artifact_urls` are hostile text.
    """

    run_id: RunId
    run_attempt: int
    head_sha: Sha | None
    job_url: str
    detail: str
    flows: tuple[FailedFlow, ...] = ()
    newly_failing: tuple[str, ...] | None = None
    terraform_deployment_id: str | None = None
    artifact_urls: tuple[str, ...] = ()
    unnamed: int = 0

    @property
    def count(self) -> int:
        """Count the flows that failed, as far as they were reported."""
        return len(self.flows) + self.unnamed

    by_alert_only: bool = False

    @property
    def fingerprint(self) -> str:
        """Name what fails: two failures with the same one are the same failure to people.

        Of one length, however many flows there are: it is kept with every word that is said.
        """
        names = sorted({flow.flow_name for flow in self.flows})
        return sha256(repr(names or self.detail).encode()).hexdigest()

    @property
    def attempt(self) -> tuple[RunId, int]:
        """Name the run attempt that failed."""
        return self.run_id, self.run_attempt


@dataclass(frozen=True, slots=True)
class Opened:
    """The validation failed, and no incident was open."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class FailedAgain:
    """Another attempt failed, or more is known about one that did."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Detailed:
    """Where to look is known of the attempt that failed last: nothing else fails because of it."""

    artifact_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reopened:
    """The validation failed again soon after the end."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Alerted:
    """The first channel has taken the page; `channel` names it."""

    channel: str


@dataclass(frozen=True, slots=True)
class AlertLost:
    """A channel refused a message for good, or did not take it for a day; it is tried no more."""

    channel: str
    alert_key: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has seen it and looks after it."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Somebody has decided what to do, and why."""

    course: Course
    why: str


@dataclass(frozen=True, slots=True)
class Silenced:
    """Somebody wants to hear no more of it until a moment."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Overridden:
    """A reviewer has let a held deployment go on; the incident goes on, too.

    `url` is the page of its run; nothing where that is not known.
    """

    request_id: RequestId
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class Bypassed:
    """An administrator has let a held deployment past every rule, without a reason on record."""

    request_id: RequestId
    url: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """The run attempt that ended green, so that an incident is over; `job_url` is its page."""

    run_id: RunId
    run_attempt: int
    head_sha: Sha | None
    job_url: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """It is over; `why` is empty where the validation's own pass says it."""

    how: Resolution
    why: str
    recovery: Recovery | None = None


Happening = (
    Opened
    | FailedAgain
    | Detailed
    | Reopened
    | Alerted
    | AlertLost
    | Acknowledged
    | Decided
    | Silenced
    | Overridden
    | Bypassed
    | Resolved
)


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something that happened to an incident: when, by whom (a login, or `gate`), and what."""

    at: datetime
    actor: str
    what: Happening


@dataclass(frozen=True, slots=True)
class IncidentPlace:
    """Where an incident is: one environment of one repository of one installation."""

    installation_id: InstallationId
    repository_id: RepositoryId
    environment: str


@dataclass(frozen=True, slots=True)
class Word:
    """Who settled something, when, and in which words."""

    at: datetime
    actor: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """What an incident is after its events.

    `failure` is the newest one that is known, `failures` counts failed attempts. `acknowledged`,
    `decided` (with `course`) and `resolved` (with `how`, and `recovery` where a run passed) are
    None until they happen. Reopening clears `resolved`, and after an end that was `LASTING` also
    what people have said: that is another `outbreak` then, counted from 1, which began at
    `broke_out_at`. `reopened_at` is the last time.
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
        """Return when the present outbreak began, from which people's time runs."""
        return self.later_outbreak_at or self.opened_at

    @property
    def is_open(self) -> bool:
        """Say whether it goes on."""
        return self.resolved is None

    @property
    def resolved_at(self) -> datetime | None:
        """Say since when it is over."""
        return self.resolved.at if self.resolved is not None else None

    def is_silenced(self, now: datetime) -> bool:
        """Say whether people want to hear nothing of it at `now`."""
        return self.silenced_until is not None and now < self.silenced_until


_MOST_LISTED: Final = 20
_MOST_WORDS: Final = 300


def summarized(what: Happening) -> Happening:
    """Return what happened as the timeline keeps it: of a failure the first flows.

    An incident has all of its newest failure; attempt after attempt of them would add up.
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
    """Begin an incident with the event that opened it."""
    return Incident(incident_id, place, at, opened.failure)


def apply(incident: Incident, event: IncidentEvent) -> Incident:
    """Fold one event in. The first acknowledgement stands; the last decision does."""
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
    """Go on; what was accepted before is not what fails now, so that is decided anew."""
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
    # Nothing was green where it ended only because nothing was gated any more.
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
