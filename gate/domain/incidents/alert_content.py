"""Write what an alert says: what is new, what fails, and what to do next.

Pure. The fields are the contract's; texts of others go in raw, since each channel neutralises them
in its own way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, assert_never

from gate.domain.incidents.alert_plan import (
    ARTIFACTS,
    LATE_TO_ACKNOWLEDGE,
    LATE_TO_DECIDE,
    MOST_PAGES,
    Message,
)
from gate.domain.incidents.incident import Course, Failure, Incident, Resolution
from gate.domain.model.alert import Alert, AlertKind, HeldDeployment, Mention, Severity
from gate.domain.model.policy import AlertPolicy
from gate.domain.model.request import GateRequest
from gate.domain.requests.explain import span

FAILED_EVENT: Final = "Production Validation Failed"
"""The contract's name of the event, word for word."""

RECOVERED_EVENT: Final = "Production Validation Recovered"
CLOSED_EVENT: Final = "Production Validation Incident Closed"
"""Of an end that says nothing of the validation, which may be red still."""

BYPASSED_EVENT: Final = "Deployment Gate Bypassed"

_REVIEW: Final = "Review production validation logs"
_ROLLBACK: Final = "Check if infrastructure rollback is needed"
_INVESTIGATE: Final = "Investigate failed assertions"


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """What all messages about an incident share; `incident_url` is where people act on it."""

    repository: str
    incident_url: str
    runbook_base: str
    held: tuple[HeldDeployment, ...]


def render_alert(
    incident: Incident, message: Message, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Write the message about an incident as an alert, complete in itself.

    That the validation passed is a message about the run that did: in it no flow fails, and the
    deployments that waited for it are let go on.
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
        summary=_summary(incident, message, now),
        event=_event(message.kind, incident.how),
        timestamp=now,
        terraform_deployment_id=failure.terraform_deployment_id,
        github_job_url=failure.job_url,
        failed_flows=failure.flows,
        unnamed_flows=failure.unnamed,
        artifact_urls=failure.artifact_urls,
        next_steps=_next_steps(incident, policy, now),
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
    """A deployment that was let past the gate, with the incident it happened in, if any.

    `url` is the page of its run.
    """

    request: GateRequest
    url: str
    incident: Incident | None


def render_bypass(
    bypass: Bypass, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Write that a deployment was let past the gate; there need be no incident for it."""
    request, incident = bypass.request, bypass.incident
    topic = f"bypass/{request.id}"
    failure = incident.failure if incident is not None else None
    return Alert(
        key=f"incident/{incident.id}/{topic}" if incident is not None else topic,
        kind=AlertKind.BYPASS,
        severity=Severity.CRITICAL,
        mention=policy.mention,
        incident=f"incident/{incident.id}" if incident is not None else topic,
        summary=f"An administrator let a held deployment to {request.environment} past the gate.",
        event=BYPASSED_EVENT,
        timestamp=now,
        terraform_deployment_id=failure.terraform_deployment_id if failure is not None else None,
        github_job_url=bypass.url,
        failed_flows=failure.flows if failure is not None else (),
        unnamed_flows=failure.unnamed if failure is not None else 0,
        artifact_urls=failure.artifact_urls if failure is not None else (),
        next_steps=(
            "Ask who let it go on, and why; keep the reason with the record",
            "Watch the deployment that went on",
            _REVIEW,
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
    match kind:
        case AlertKind.RECOVERY:
            return RECOVERED_EVENT if how is Resolution.VALIDATION_PASSED else CLOSED_EVENT
        case AlertKind.BYPASS:
            return BYPASSED_EVENT
        case AlertKind.POLICY | AlertKind.UNANSWERED:
            raise ValueError("what is about the gate itself gate_alerts writes")
        case (
            AlertKind.PAGE
            | AlertKind.UPDATE
            | AlertKind.REMINDER
            | AlertKind.ESCALATION
            | AlertKind.TEST
        ):
            return FAILED_EVENT
        case _:
            assert_never(kind)


def _runbook(message: Message) -> str:
    """Name the runbook's page: one for each kind, and for each escalation its own."""
    late = (page for topic, page in _LATE.items() if message.topic.startswith(topic))
    return next(late, message.kind.value)


_LATE: Final = {LATE_TO_ACKNOWLEDGE: "not-acknowledged", LATE_TO_DECIDE: "not-decided"}


def _summary(incident: Incident, message: Message, now: datetime) -> str:
    where, failing = incident.place.environment, _failing(incident.failure)
    lasting = span(now - incident.broke_out_at)
    match message.kind:
        case AlertKind.PAGE | AlertKind.TEST:
            again = " again" if incident.outbreak > 1 else ""
            return f"Production validation of {where} failed{again}: {failing}."
        case AlertKind.UPDATE:
            return _news(where, failing, message)
        case AlertKind.REMINDER:
            return f"Still failing in {where} after {lasting}: {failing}. {_standing(incident)}"
        case AlertKind.ESCALATION:
            lacking = "acknowledged" if incident.acknowledged is None else "decided about"
            return f"For {lasting} nobody has {lacking} the failure in {where}: {failing}."
        case AlertKind.RECOVERY:
            return f"Over in {where} after {lasting}: {_ending(incident)}"
        case AlertKind.BYPASS | AlertKind.POLICY | AlertKind.UNANSWERED:
            raise ValueError("it is about no failure of an incident")
        case _:
            assert_never(message.kind)


def _news(where: str, failing: str, message: Message) -> str:
    if message.topic.startswith(ARTIFACTS):
        return f"Production validation of {where} failed: {failing}. Its artifacts are listed now."
    if message.pages_from is None:
        return f"What fails in {where} has changed: {failing}."
    return (
        f"Production validation of {where} failed again: {failing}."
        f" It does not page before {message.pages_from.astimezone(UTC):%Y-%m-%d %H:%M} UTC:"
        f" {MOST_PAGES} pages in 24 hours are the most."
    )


def _failing(failure: Failure) -> str:
    if not failure.flows:
        return failure.detail
    count = failure.count
    failed = f"{count} flow{'s' if count > 1 else ''} failed"
    if failure.newly_failing is None:
        return failed
    return f"{failed}, {len(failure.newly_failing) or 'none'} of them newly"


def _standing(incident: Incident) -> str:
    """Say who looks after it."""
    if incident.decided is not None and incident.course is not None:
        return f"{incident.decided.actor} decided: {incident.course}."
    if incident.acknowledged is not None:
        return f"{incident.acknowledged.actor} looks after it; nothing is decided."
    return "Nobody has acknowledged it."


def _ending(incident: Incident) -> str:
    match incident.how:
        case Resolution.RISK_ACCEPTED:
            who = incident.resolved.actor if incident.resolved is not None else "somebody"
            return f"{who} accepted the risk. The validation is still red."
        case Resolution.BY_HAND:
            who = incident.resolved.actor if incident.resolved is not None else "somebody"
            return f"{who} closed it."
        case Resolution.NOT_GATED:
            return "the policy does not gate it any more."
        case Resolution.VALIDATION_PASSED | None:
            return "the validation passed."
        case _:
            assert_never(incident.how)


def _next_steps(incident: Incident, policy: AlertPolicy, now: datetime) -> tuple[str, ...]:
    """List what a person does next, the first thing first."""
    if not incident.is_open:
        return _after_the_end(incident)
    steps: list[str] = []
    if incident.acknowledged is None:
        left = incident.broke_out_at + policy.acknowledge_within - now
        steps.append(f"Acknowledge with /ack on the incident{_within(left.total_seconds())}")
    steps += [_REVIEW, _ROLLBACK, _INVESTIGATE]
    if incident.decided is None:
        left = incident.broke_out_at + policy.decide_within - now
        steps.append(
            "Decide with /decide rollback, fix-forward or accept-risk and a reason"
            f"{_within(left.total_seconds())}"
        )
    if incident.failure.by_alert_only:
        steps.append("Stop deployments by hand if need be: the run ended green, and holds none")
    steps.append("Re-run the validation when it is mended: held deployments go on by themselves")
    return tuple(steps)


def _within(seconds: float) -> str:
    """Say how many minutes are left, or that it is late."""
    minutes = int(seconds // 60)
    return f", within {minutes} min" if minutes > 0 else ", which is late"


def _after_the_end(incident: Incident) -> tuple[str, ...]:
    if incident.how is Resolution.VALIDATION_PASSED:
        check = "Check that held deployments go on: those that the run covers do by themselves"
        again = "Plan the change that was rolled back anew"
        return (check, again) if incident.course is Course.ROLLBACK else (check,)
    if incident.how is Resolution.NOT_GATED:
        return ("Add the environment to the policy again, or disable the gate's rule on it",)
    return ("Held deployments stay held: re-run the validation, or override each of them",)
