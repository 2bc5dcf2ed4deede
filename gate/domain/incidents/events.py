"""Describe what happens to an incident, one value for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from gate.domain.model.alert import FailedFlow
from gate.domain.model.course import Course
from gate.domain.model.ids import RequestId, RunId, Sha


class Resolution(StrEnum):
    """How an incident was resolved; `not_gated`: the policy no longer gates the environment."""

    VALIDATION_PASSED = "validation_passed"
    RISK_ACCEPTED = "risk_accepted"
    BY_HAND = "by_hand"
    NOT_GATED = "not_gated"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed run attempt of the validation.

    `flows` is empty when no report names the failed flows; `detail` then has the reason.
    `unnamed` counts further failed flows whose names are not kept.
    `newly_failing` names the flows that did not fail in the previous validation; None when that
    one was not reported.
    `by_alert_only` is set when the run passed, and only an alert of its job calls it a failure: it
    holds no deployments.
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
    by_alert_only: bool = False

    @property
    def count(self) -> int:
        """Return how many failed flows were reported."""
        return len(self.flows) + self.unnamed

    @property
    def fingerprint(self) -> str:
        """Return a digest of what fails: people see two failures with the same one as the same.

        It has a fixed length, since it is stored with every message that is sent.
        """
        names = sorted({flow.flow_name for flow in self.flows})
        return sha256(repr(names or self.detail).encode()).hexdigest()

    @property
    def attempt(self) -> tuple[RunId, int]:
        """Return the run attempt that failed."""
        return self.run_id, self.run_attempt


@dataclass(frozen=True, slots=True)
class Opened:
    """The validation failed, and no incident was open."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class FailedAgain:
    """Another attempt failed, or more is known about the last one."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Detailed:
    """The artifacts of the last failed attempt are known; the failed flows are unchanged."""

    artifact_urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reopened:
    """The validation failed again soon after the resolution."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Alerted:
    """The first channel accepted the page; `channel` names it."""

    channel: str


@dataclass(frozen=True, slots=True)
class AlertLost:
    """A channel rejected a message, or did not accept it for a day; it is not retried."""

    channel: str
    alert_key: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person has acknowledged the incident."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A person has decided what to do, and why."""

    course: Course
    why: str


@dataclass(frozen=True, slots=True)
class Silenced:
    """A person has paused the messages until a moment."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Overridden:
    """A reviewer has overridden a hold; the incident stays open.

    `url` is the page of the run; empty when it is unknown.
    """

    request_id: RequestId
    url: str
    why: str


@dataclass(frozen=True, slots=True)
class Bypassed:
    """An administrator has released a held deployment past every rule, without a reason."""

    request_id: RequestId
    url: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """The run attempt that passed and resolved an incident; `job_url` is its page."""

    run_id: RunId
    run_attempt: int
    head_sha: Sha | None
    job_url: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """The incident is resolved; `why` is empty when the validation passed."""

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
    """An event of an incident: when, by whom (a login, or `gate`), and what happened."""

    at: datetime
    actor: str
    what: Happening
