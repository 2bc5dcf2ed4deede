"""What the simulation reports about itself, for assertions and for other processes.

Frozen records that survive a journey through JSON; `msgspec` encodes and decodes them by type.
"""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A call of the review endpoint by an App, and how it was answered.

    `state` is None for a status report. `response_lost` says that the effect took place
    although the caller never saw the answer. A call that a fault delays takes effect at
    `received_at`, some time after it arrived.
    """

    arrived_at: datetime
    received_at: datetime
    app_id: int
    repository_id: int
    run_id: int
    run_attempt: int
    environment: str
    state: str | None
    comment: str | None
    status: int
    message: str | None = None
    response_lost: bool = False


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """Where the jobs of a run ask for a token, and the bearer that lets them."""

    url: str
    bearer: str


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A REST request and its answer; `route` is the documented path with its placeholders."""

    received_at: datetime
    method: str
    route: str
    path: str
    status: int
    installation_id: int | None = None
    fault: bool = False


@dataclass(frozen=True, slots=True)
class IssueRecord:
    """An issue as it stands; `app_id` names the App that opened it, if one did."""

    number: int
    title: str
    body: str
    author: str
    app_id: int | None
    state: str
    state_reason: str | None
    created_at: datetime
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckRunRecord:
    """A check run as it stands; an annotation is its path, first line, level and message."""

    id: int
    app_id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str
    details_url: str
    title: str
    summary: str
    text: str
    annotations: tuple[tuple[str, int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """A comment on an issue; `app_id` names the App that wrote it, if one did."""

    id: int
    author: str
    body: str
    app_id: int | None
    created_at: datetime
    reactions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """A status of a deployment; `app_id` names the App that set it, if one did."""

    state: str
    description: str
    log_url: str
    app_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """A line of an App's delivery log."""

    id: int
    app_id: int
    guid: str
    event: str
    action: str | None
    delivered_at: datetime
    redelivery: bool
    duration: float
    status: str
    status_code: int
    installation_id: int | None
    repository_id: int | None


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as it stands."""

    id: int
    name: str
    status: str
    conclusion: str | None
    environment: str | None = None
    deployment_id: int | None = None
    deployment_states: tuple[str, ...] = ()
    waits_for_apps: tuple[int, ...] = ()
    waits_for_reviewers: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """The latest attempt of a workflow run as it stands."""

    id: int
    repository_id: int
    repository: str
    path: str
    run_attempt: int
    status: str
    conclusion: str | None
    head_branch: str
    head_sha: str
    event: str
    created_at: datetime
    run_started_at: datetime
    updated_at: datetime
    jobs: tuple[JobView, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """A job that reached an environment: the ids a story goes on with."""

    run_id: int
    job_id: int
    job: str
    environment_id: int
    deployment_id: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """How much the simulation has served since it started or was last reset."""

    requests: dict[str, int] = field(default_factory=dict)
    decisions: int = 0
    reports: int = 0
    refused_reviews: int = 0
    deliveries: int = 0
    failed_deliveries: int = 0
    outstanding_deliveries: int = 0
