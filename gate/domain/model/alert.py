"""Define what an alert carries, whichever channel sends it.

Pure. The content is the contract's, field for field; each channel in `gate.notify` renders it in
its own form. All texts but `event` and `next_steps` may quote what others wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.model.ids import RunId, Sha

SCHEMA_VERSION: Final = 1


class Channel(StrEnum):
    """The channels a policy may name; `notify` is everything that Apprise speaks."""

    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    NOTIFY = "notify"


class Severity(StrEnum):
    """How urgent an alert is: `critical` may mention people, `info` needs no action."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Mention(StrEnum):
    """Whom a critical chat message mentions."""

    CHANNEL = "channel"
    HERE = "here"
    NONE = "none"


class AlertKind(StrEnum):
    """Why this message is sent; each outbreak of an incident pages once."""

    PAGE = "page"
    UPDATE = "update"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    RECOVERY = "recovery"
    BYPASS = "bypass"
    POLICY = "policy"
    UNANSWERED = "unanswered"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class FailedFlow:
    """A flow that failed; `error` is empty when the report gives no reason."""

    flow_name: str
    exit_code: int
    error: str


@dataclass(frozen=True, slots=True)
class HeldDeployment:
    """A deployment that the gate holds because of the failure."""

    run_id: RunId
    run_attempt: int
    environment: str
    url: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One message about one incident.

    `key` is natural: a retry of the same message has the same key, so that a receiver can drop
    the second. `incident` names the incident (`incident/17`), whose messages form one thread.
    `headline` is the subject line and stands alone: repository, what happened, what is held; it is
    empty only in alerts stored before the field existed. `summary` says who must act by when.
    `run_id`, `run_attempt` and `head_sha` are None when the alert is about no run. `unnamed_flows`
    counts the failed flows besides `failed_flows` whose names are not kept.

    `repeated` and `plain` describe one delivery attempt: an earlier attempt may have delivered the
    message already, and the channel has refused it with its markup.
    """

    key: str
    kind: AlertKind
    severity: Severity
    mention: Mention
    incident: str
    summary: str
    event: str
    timestamp: datetime
    terraform_deployment_id: str | None
    github_job_url: str
    failed_flows: tuple[FailedFlow, ...]
    artifact_urls: tuple[str, ...]
    next_steps: tuple[str, ...]
    repository: str
    environment: str
    run_id: RunId | None
    run_attempt: int | None
    head_sha: Sha | None
    incident_url: str
    runbook_url: str | None
    held_deployments: tuple[HeldDeployment, ...]
    repeated: bool = False
    plain: bool = False
    unnamed_flows: int = 0
    headline: str = ""

    @property
    def is_critical(self) -> bool:
        """Return whether the alert calls people."""
        return self.severity is Severity.CRITICAL
