"""Write the alerts about the gate itself: it cannot judge, or GitHub does not take its answer.

Pure. No validation has failed, and no incident is open because of it: each such alert is sent once,
in a thread of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.incidents.alert_content import AlertSubject
from gate.domain.model.alert import Alert, AlertKind, HeldDeployment, Mention, Severity
from gate.domain.model.ids import InstallationId, RepositoryId, environment_key
from gate.domain.model.policy import POLICY_PATH, AlertPolicy, InvalidPolicy
from gate.domain.model.request import GateRequest

POLICY_EVENT: Final = "Deployment Gate Policy Problem"
POLICY_MENDED_EVENT: Final = "Deployment Gate Policy Mended"
UNANSWERED_EVENT: Final = "Deployment Gate Answer Refused"

_EVERY_ENVIRONMENT: Final = "every environment"
_CHECK: Final = f"Check the file with: gate policy check {POLICY_PATH}"
_DOCTOR: Final = "Check the App's access with: gate doctor"
_PUSH: Final = "Push it to the default branch: the gate reads it at once"


@dataclass(frozen=True, slots=True)
class UnreadPolicy:
    """A policy file that cannot be read for now, and why."""

    source: str
    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An environment whose deployments ask the gate, and which the policy does not name."""

    repository_id: RepositoryId
    environment: str
    source: str
    digest: str


def policy_thread(installation_id: InstallationId, source: str) -> str:
    """Return the thread of what is said about a policy file, for all repositories it speaks for."""
    return f"policy/{installation_id}/{source}"


def left_out_thread(left_out: LeftOut) -> str:
    """Return the thread of what is said about an environment that no policy names."""
    return f"policy/{left_out.repository_id}/{environment_key(left_out.environment)}"


def told_of(broken: InvalidPolicy | UnreadPolicy, thread: str) -> str:
    """Return the name of a problem with a policy: the same text, or cause, is told once."""
    return f"{thread}/{broken.digest if isinstance(broken, InvalidPolicy) else 'unread'}"


LastSaid = tuple[str, AlertKind]
"""The key and the kind of what was said last in a thread."""


def key_of_problem(name: str, last: LastSaid | None, now: datetime) -> str | None:
    """Return the key under which a problem is told now; None while people know of it.

    They do not once they heard of another problem in its place, or of its end.
    """
    if last is None:
        return name
    key, kind = last
    if kind is not AlertKind.RECOVERY and key.startswith(name):
        return None
    return f"{name}/{now:%Y%m%dT%H%M%S}"


def key_of_end(last: LastSaid | None) -> str | None:
    """Return the key under which the end of a problem is told; None where none was told last."""
    return f"{last[0]}/mended" if last is not None and last[1] is AlertKind.POLICY else None


def render_broken_policy(
    broken: InvalidPolicy | UnreadPolicy,
    key: str,
    thread: str,
    subject: AlertSubject,
    now: datetime,
) -> Alert:
    """Write that a policy is invalid, or cannot be read, to all channels.

    It is critical: while nobody knows which workflow validates, a failure of it alerts nobody.
    """
    steps: tuple[str, ...]
    if isinstance(broken, InvalidPolicy):
        problem = str(broken.problems[0]) if broken.problems else "it cannot be read"
        what, why = "is invalid", f"First problem: {problem}"
        until = "until it is mended"
        steps = (f"Mend {broken.source}: {problem}", _CHECK, _PUSH)
    else:
        what, why = "cannot be read", f"Why: {broken.detail}"
        until = "unless the policy that was read last names its workflow"
        steps = (f"Let the gate read {broken.source}: {broken.detail}", _DOCTOR)
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.POLICY,
        severity=Severity.CRITICAL,
        policy=AlertPolicy(),
        event=POLICY_EVENT,
        summary=(
            f"The policy {broken.source} {what}. Deployments are held, and a failed validation"
            f" alerts nobody {until}. {why}"
        ),
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
    """Write that deployments to an environment wait that no policy names."""
    thread = left_out_thread(left_out)
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.POLICY,
        severity=Severity.WARNING,
        policy=policy,
        event=POLICY_EVENT,
        summary=(
            f"Deployments to {left_out.environment} ask the gate, and {left_out.source} does not"
            " name that environment. They are held."
        ),
        steps=(
            f"Add {left_out.environment} to {left_out.source}",
            "Or disable the App's rule on it, in Settings > Environments",
            _CHECK,
            _PUSH,
        ),
        environment=left_out.environment,
        subject=subject,
        now=now,
    )


def render_mended(
    ended: LeftOut | str, key: str, thread: str, subject: AlertSubject, now: datetime
) -> Alert:
    """Write that a problem has ended: an environment is named, or the file `ended` is valid."""
    if isinstance(ended, LeftOut):
        environment = ended.environment
        summary = f"{ended.source} names {environment} now. It is judged by the policy."
    else:
        environment = _EVERY_ENVIRONMENT
        summary = f"The policy {ended} is valid again. Held deployments are judged by it."
    return _alert(
        key=key,
        thread=thread,
        kind=AlertKind.RECOVERY,
        severity=Severity.INFO,
        policy=AlertPolicy(),
        event=POLICY_MENDED_EVENT,
        summary=summary,
        steps=("Nothing: held deployments are looked at again by themselves",),
        environment=environment,
        subject=subject,
        now=now,
    )


def render_unanswered(
    request: GateRequest, url: str, policy: AlertPolicy, subject: AlertSubject, now: datetime
) -> Alert:
    """Write that GitHub does not take the gate's answer to a deployment, which goes on waiting."""
    thread = f"unanswered/{request.id}"
    return _alert(
        key=thread,
        thread=thread,
        kind=AlertKind.UNANSWERED,
        severity=Severity.CRITICAL,
        policy=policy,
        event=UNANSWERED_EVENT,
        summary=(
            f"GitHub refused the gate's answer to a deployment to {request.environment}, for a"
            " reason that the gate does not know. The deployment waits, and is not tried again."
        ),
        steps=(
            "Read what GitHub said in the gate's log (effect.finished, status refused)",
            "Cancel the run and start it again; if it happens again, report it",
            "An administrator can start the waiting job on its page, and should say why",
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
