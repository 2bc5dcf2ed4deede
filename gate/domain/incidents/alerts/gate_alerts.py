"""Write the alerts about the gate itself: it cannot decide, or GitHub refuses its answer.

Pure. They do not belong to an incident: each is sent once, in a thread of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.incidents.alerts.content import AlertSubject
from gate.domain.model.alert import Alert, AlertKind, HeldDeployment, Mention, Severity
from gate.domain.model.ids import InstallationId, RepositoryId, environment_key
from gate.domain.model.policy.policy import POLICY_PATH, AlertPolicy, InvalidPolicy
from gate.domain.model.request import GateRequest

POLICY_EVENT: Final = "Deployment Gate Policy Problem"
POLICY_FIXED_EVENT: Final = "Deployment Gate Policy Fixed"
UNANSWERED_EVENT: Final = "Deployment Gate Answer Refused"

_EVERY_ENVIRONMENT: Final = "every environment"
_CHECK: Final = f"Check the file: gate policy check {POLICY_PATH}"
_DOCTOR: Final = "Check the App's access: gate doctor"
_PUSH: Final = "Push the fix to the default branch: the gate reads it immediately"


@dataclass(frozen=True, slots=True)
class UnreadPolicy:
    """A policy file that the gate cannot read at present, and why."""

    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An environment that uses the gate's rule, and that the policy does not name."""

    repository_id: RepositoryId
    environment: str
    source: str
    digest: str


def policy_thread(installation_id: InstallationId, source: str) -> str:
    """Return the thread of alerts about a policy file, for all repositories that it covers."""
    return f"policy/{installation_id}/{source}"


def left_out_thread(left_out: LeftOut) -> str:
    """Return the thread of alerts about an environment that no policy names."""
    return f"policy/{left_out.repository_id}/{environment_key(left_out.environment)}"


def told_of(broken: InvalidPolicy | UnreadPolicy, thread: str) -> str:
    """Return the name of a policy problem; each text or cause of one has its own."""
    return f"{thread}/{broken.digest if isinstance(broken, InvalidPolicy) else 'unread'}"


LastSaid = tuple[str, AlertKind]
"""The key and the kind of the last alert in a thread."""


def key_of_problem(name: str, last: LastSaid | None, now: datetime) -> str | None:
    """Return the key of the alert that a problem needs now; None when it was alerted already.

    It is alerted again after another problem has replaced it, or after it was fixed.
    """
    if last is None:
        return name
    key, kind = last
    if kind is not AlertKind.RECOVERY and key.startswith(name):
        return None
    return f"{name}/{now:%Y%m%dT%H%M%S}"


def key_of_end(last: LastSaid | None) -> str | None:
    """Return the key of the alert that a problem is fixed; None when no problem is open."""
    return f"{last[0]}/mended" if last is not None and last[1] is AlertKind.POLICY else None


def render_broken_policy(
    broken: InvalidPolicy | UnreadPolicy,
    key: str,
    thread: str,
    subject: AlertSubject,
    now: datetime,
) -> Alert:
    """Build the alert that a policy is invalid or cannot be read.

    It is critical: without a policy the gate does not know the validation workflow, so a failed
    validation alerts nobody.
    """
    steps: tuple[str, ...]
    if isinstance(broken, InvalidPolicy):
        problem = str(broken.problems[0]) if broken.problems else "the file cannot be parsed"
        what = "is invalid"
        summary = (
            f"Someone who can push to the default branch must fix {broken.source} now. Until then,"
            f" a failed validation alerts nobody. First problem: {problem}"
        )
        steps = (f"Fix {broken.source}: {problem}", _CHECK, _PUSH)
    else:
        what = "cannot be read"
        summary = (
            f"Someone who manages the App must give it access to {broken.source} now. Until then, a"
            " failed validation alerts nobody, unless the last policy that the gate read names the"
            " validation workflow."
            f" Reason: {broken.detail}"
        )
        steps = (f"Give the gate access to {broken.source}: {broken.detail}", _DOCTOR)
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.POLICY,
        severity=Severity.CRITICAL,
        policy=AlertPolicy(),
        event=POLICY_EVENT,
        headline=f"{subject.repository}: policy {what}; all deployments are held",
        summary=summary,
        steps=steps,
        environment=_EVERY_ENVIRONMENT,
        subject=subject,
        now=now,
    )


def render_left_out(
    left_out: LeftOut,
    key: str,
    policy: AlertPolicy,
    subject: AlertSubject,
    now: datetime,
) -> Alert:
    """Build the alert that deployments wait for an environment that no policy names."""
    thread = left_out_thread(left_out)
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.POLICY,
        severity=Severity.WARNING,
        policy=policy,
        event=POLICY_EVENT,
        headline=(
            f"{subject.repository}: the policy does not name {left_out.environment};"
            " its deployments are held"
        ),
        summary=(
            f"{left_out.environment} uses the gate's rule, and {left_out.source} has no entry for"
            " it. Someone who maintains the policy must add the environment or disable the rule."
        ),
        steps=(
            f"Add {left_out.environment} to {left_out.source}",
            "Or disable the App's rule on that environment (Settings > Environments)",
            _CHECK,
            _PUSH,
        ),
        environment=left_out.environment,
        subject=subject,
        now=now,
    )


def render_fixed(
    ended: LeftOut | str, key: str, thread: str, subject: AlertSubject, now: datetime
) -> Alert:
    """Build the alert that a problem is fixed: the environment is named, or the file is valid."""
    if isinstance(ended, LeftOut):
        environment = ended.environment
        fixed = f"the policy now names {environment}"
        summary = f"{ended.source} has an entry for {environment}. No action needed."
    else:
        environment = _EVERY_ENVIRONMENT
        fixed = "policy is valid again"
        summary = f"The gate uses {ended} again. No action needed."
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.RECOVERY,
        severity=Severity.INFO,
        policy=AlertPolicy(),
        event=POLICY_FIXED_EVENT,
        headline=f"{subject.repository}: {fixed}; the gate re-checks held deployments",
        summary=summary,
        steps=("No action needed: the gate re-checks held deployments automatically",),
        environment=environment,
        subject=subject,
        now=now,
    )


def render_unanswered(
    request: GateRequest, url: str, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Build the alert that GitHub refused the gate's answer, so that a deployment is stuck."""
    thread = f"unanswered/{request.id}"
    return _alert(
        key=thread,
        thread=thread,
        kind=AlertKind.UNANSWERED,
        severity=Severity.CRITICAL,
        policy=policy,
        event=UNANSWERED_EVENT,
        headline=(
            f"{subject.repository}: GitHub refused the gate's answer; a deployment to"
            f" {request.environment} is stuck"
        ),
        summary=(
            "The gate does not retry, because it does not know the reason. The person who started"
            " the deployment must cancel the run and start it again."
        ),
        steps=(
            "Find GitHub's answer in the gate's log (event effect.finished, status refused)",
            "Cancel the run and start it again; if this happens twice, report a bug",
            "Or have an administrator start the waiting job on its page, and record why",
        ),
        environment=request.environment,
        subject=subject,
        now=now,
        request=request,
        url=url,
    )


def _alert(
    *,
    key: str,
    thread: str,
    kind: AlertKind,
    severity: Severity,
    policy: AlertPolicy,
    event: str,
    headline: str,
    summary: str,
    steps: tuple[str, ...],
    environment: str,
    subject: AlertSubject,
    now: datetime,
    request: GateRequest | None = None,
    url: str = "",
) -> Alert:
    held: tuple[HeldDeployment, ...] = subject.held
    runbook = AlertKind.POLICY if kind is AlertKind.RECOVERY else kind
    return Alert(
        key=key,
        kind=kind,
        severity=severity,
        mention=policy.mention if severity is Severity.CRITICAL else Mention.NONE,
        incident=thread,
        headline=headline,
        summary=summary,
        event=event,
        timestamp=now,
        terraform_deployment_id=None,
        github_job_url=url,
        failed_flows=(),
        artifact_urls=(),
        next_steps=steps,
        repository=subject.repository,
        environment=environment,
        run_id=request.key.run_id if request is not None else None,
        run_attempt=request.key.run_attempt if request is not None else None,
        head_sha=request.head_sha if request is not None else None,
        incident_url=subject.incident_url,
        runbook_url=f"{subject.runbook_base}/{runbook}",
        held_deployments=held,
    )
