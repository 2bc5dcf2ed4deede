"""Write the content of an alert: what failed, what it holds, who must act by when.

Pure. The fields are the contract's. Text that others wrote goes in raw, since each channel
neutralizes it in its own way. The sentences are in `gate.domain.incidents.alerts.words`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gate.domain.incidents.alerts.plan import LATE_TO_ACKNOWLEDGE, LATE_TO_DECIDE, Message
from gate.domain.incidents.alerts.words import REVIEW_LOGS, headline, list_next_steps, summarize
from gate.domain.incidents.events import Resolution
from gate.domain.incidents.incident import Incident
from gate.domain.model.alert import Alert, AlertKind, HeldDeployment, Mention, Severity
from gate.domain.model.policy.policy import AlertPolicy
from gate.domain.model.request import GateRequest

FAILED_EVENT: Final = "Production Validation Failed"
"""The contract's name of the event, word for word."""

RECOVERED_EVENT: Final = "Production Validation Recovered"
CLOSED_EVENT: Final = "Production Validation Incident Closed"
"""People or the policy closed the incident; the validation may still be red."""

BYPASSED_EVENT: Final = "Deployment Gate Bypassed"


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """What all messages about an incident share; people act on it at `incident_url`."""

    repository: str
    incident_url: str
    runbook_base: str
    held: tuple[HeldDeployment, ...]


def render_alert(
    incident: Incident, message: Message, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Build the alert for a message about an incident, complete in itself.

    The message that the validation passed is about the run that passed: it lists no failed flow
    and no held deployment.
    """
    failure, recovery = incident.failure, incident.recovery
    key = f"incident/{incident.id}/{message.topic}"
    is_critical = message.severity is Severity.CRITICAL
    alert = Alert(
        key=key,
        kind=message.kind,
        severity=message.severity,
        mention=policy.mention if is_critical else Mention.NONE,
        incident=f"incident/{incident.id}",
        headline=headline(incident, message, subject.repository, subject.held, now),
        summary=summarize(incident, message, policy, now),
        event=_event(message.kind, incident.how),
        timestamp=now,
        terraform_deployment_id=failure.terraform_deployment_id,
        github_job_url=failure.job_url,
        failed_flows=failure.flows,
        unnamed_flows=failure.unnamed,
        artifact_urls=failure.artifact_urls,
        next_steps=list_next_steps(incident, policy, now),
        repository=subject.repository,
        environment=incident.place.environment,
        run_id=failure.run_id,
        run_attempt=failure.run_attempt,
        head_sha=failure.head_sha,
        incident_url=subject.incident_url,
        runbook_url=f"{subject.runbook_base}/{_runbook(message)}",
        held_deployments=subject.held,
    )
    if recovery is None:
        return alert
    return replace(
        alert,
        github_job_url=recovery.job_url,
        failed_flows=(),
        unnamed_flows=0,
        artifact_urls=(),
        run_id=recovery.run_id,
        run_attempt=recovery.run_attempt,
        head_sha=recovery.head_sha,
        held_deployments=(),
    )


@dataclass(frozen=True, slots=True)
class Bypass:
    """A deployment that bypassed the gate, with the open incident, if there is one.

    `url` is the page of its run.
    """

    request: GateRequest
    url: str
    incident: Incident | None


def render_bypass(
    bypass: Bypass, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Build the alert that a deployment bypassed the gate, with or without an incident."""
    request, incident = bypass.request, bypass.incident
    topic = f"bypass/{request.id}"
    failure = incident.failure if incident is not None else None
    return Alert(
        key=f"incident/{incident.id}/{topic}" if incident is not None else topic,
        kind=AlertKind.BYPASS,
        severity=Severity.CRITICAL,
        mention=policy.mention,
        incident=f"incident/{incident.id}" if incident is not None else topic,
        headline=(
            f"{subject.repository}: an administrator bypassed the gate and released a deployment"
            f" to {request.environment}"
        ),
        summary="No reason is on record. On call: ask for the reason now, and watch production.",
        event=BYPASSED_EVENT,
        timestamp=now,
        terraform_deployment_id=failure.terraform_deployment_id if failure is not None else None,
        github_job_url=bypass.url,
        failed_flows=failure.flows if failure is not None else (),
        unnamed_flows=failure.unnamed if failure is not None else 0,
        artifact_urls=failure.artifact_urls if failure is not None else (),
        next_steps=(
            "Ask who bypassed the gate and why; record the reason on the incident's issue",
            "Watch the released deployment",
            REVIEW_LOGS,
        ),
        repository=subject.repository,
        environment=request.environment,
        run_id=request.key.run_id,
        run_attempt=request.key.run_attempt,
        head_sha=request.head_sha,
        incident_url=subject.incident_url,
        runbook_url=f"{subject.runbook_base}/{AlertKind.BYPASS}",
        held_deployments=subject.held,
    )


def _event(kind: AlertKind, how: Resolution | None) -> str:
    """Return the event of an alert about an incident; `headline` refuses the other kinds."""
    if kind is AlertKind.RECOVERY:
        return RECOVERED_EVENT if how is Resolution.VALIDATION_PASSED else CLOSED_EVENT
    return FAILED_EVENT


def _runbook(message: Message) -> str:
    """Return the runbook's page: one for each kind, and one for each escalation."""
    late = (page for topic, page in _LATE.items() if message.topic.startswith(topic))
    return next(late, message.kind.value)


_LATE: Final = {LATE_TO_ACKNOWLEDGE: "not-acknowledged", LATE_TO_DECIDE: "not-decided"}
