"""What the oracle judges by: GitHub's record, the channel's and the audit trail, no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

EndedBy = Literal["cancelled", "bypassed"]


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation run as GitHub has it; `conclusion` and `ended_at` are None while it runs."""

    run_id: int
    repository: str
    started_at: datetime
    ended_at: datetime | None
    conclusion: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """GitHub told the gate that a validation had changed, and the gate acknowledged it."""

    run_id: int
    action: str
    acknowledged_at: datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """A run attempt that reached the gated environment, as GitHub has it at the end.

    `asks` counts how often: a job that comes later asks again. `jobs` counts all that reached it.
    `waits` tells whether a job of it still waits for the gate. `ended_by` tells what else has ended
    it: a cancellation, or an administrator who bypassed the gate.
    """

    run_id: int
    attempt: int
    repository: str
    asked_at: datetime
    waits: bool
    asks: int = 1
    jobs: int = 1
    ended_by: EndedBy | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What the gate sent for a run and GitHub took; `state` is None for a status report.

    `sent_at` is when it reached GitHub, `at` when it took effect. `answer_lost` when it took effect
    and the gate never saw GitHub's answer.
    """

    run_id: int
    attempt: int
    state: str | None
    sent_at: datetime
    at: datetime
    comment: str = ""
    answer_lost: bool = False


@dataclass(frozen=True, slots=True)
class RefusedReview:
    """An answer of the gate that GitHub did not take, since nothing waited for it; `why` it said.

    `sent_at` is when it reached GitHub, `at` when GitHub judged it.
    """

    run_id: int
    attempt: int
    sent_at: datetime
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """An issue or a comment of the gate; `mark` tells what it is about, empty where it has none."""

    repository: str
    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HumanReview:
    """A reviewer's approval in GitHub's dialog; `complete` when it says all that is asked."""

    run_id: int
    at: datetime
    complete: bool


@dataclass(frozen=True, slots=True)
class Received:
    """An alert that a channel took. `answer_lost` when it took it and hung up."""

    key: str
    at: datetime
    repository: str
    severity: str
    answer_lost: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit trail."""

    sequence: int
    repository_id: int | None
    run_id: int | None
    attempt: int | None
    kind: str
    reason: str | None
    detail: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """What a command of the gate that checks the record came to."""

    command: str
    status: int
    said: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is on record after a run.

    `issues` and `comments` are the gate's own. `disturbances` are the moments at which nodes died,
    stood still, lost the database, or waited for GitHub in vain, or all clocks jumped: what they
    had sent by then and could not note may be sent once more.
    """

    repositories: dict[int, str]
    validations: tuple[Validation, ...]
    told: tuple[Told, ...]
    deployments: tuple[Deployment, ...]
    reviews: tuple[Review, ...]
    refused: tuple[RefusedReview, ...]
    human_reviews: tuple[HumanReview, ...]
    alerts: tuple[Received, ...]
    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    issues: tuple[Written, ...]
    comments: tuple[Written, ...]
    disturbances: tuple[datetime, ...]
