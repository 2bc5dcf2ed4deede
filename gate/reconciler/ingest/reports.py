"""Take what the job of a run attempt hands in: a report of its flows, or an alert.

The job's identity is proven, its words are not. So a report is kept for the attempt that it comes
from and for no other, and the requests that watch its workflow are looked at again. GitHub is not
called: whether the attempt counts, its own webhooks tell, before or after.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, assert_never

from gate.domain.audit.chain import AuditEntry
from gate.domain.model.deliveries import Repository
from gate.domain.model.policy.policy import LoadedPolicy
from gate.domain.model.reporters import Reporter, Submission
from gate.domain.model.reports import AlertReport, Flow, FlowStatus, ValidationReport
from gate.errors import ReportRejected
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.observe.policy import policy_of
from gate.reconciler.trail import repository_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import repositories
from gate.store.incidents.checks import mark_check
from gate.store.reports import reports, tokens
from gate.store.reports.reports import Reception
from gate.store.requests import requests, waking

_ACTOR: Final = "github-actions"

log = get_logger(__name__)


def receive(submission: Submission, deps: Deps) -> None:
    """Record what a job hands in, and wake what waits for it.

    The same again is no news and no fault. Raises ReportRejected when the job may not report here,
    when its token was used before, and when it says something else than before.
    """
    reporter, now = submission.reporter, deps.clock()
    repository = deps.database.read(lambda it: _admit(it, reporter, deps, now))

    def record(tx: Transaction) -> Reception:
        take_turn(tx, repository.installation_id)
        if not tokens.spend_token(tx, reporter.token_id, reporter.expires_at):
            raise ReportRejected("token_replayed", "the token was used before; ask for another")
        reception = _record(tx, submission, repository)
        if reception is not Reception.NEW:
            return reception
        _wake(tx, reporter, now)
        mark_check(tx, reporter.repository_id, now)
        record_audit(tx, _entry(submission, repository, now))
        return reception

    reception = deps.database.transact(record)
    log.info(
        "report.received",
        kind=_noun(submission),
        outcome=reception.value,
        repository_id=reporter.repository_id,
        run_id=reporter.run_id,
        run_attempt=reporter.run_attempt,
    )


def _admit(snapshot: Snapshot, reporter: Reporter, deps: Deps, now: datetime) -> Repository:
    """Return the reporter's repository, if the gate is at work there and its workflow counts.

    Without a policy that can be relied on just now, no workflow is refused: a report can make
    evidence worse only, and only that of a workflow which the policy of that moment names.
    """
    repository = repositories.read_served_repository(snapshot, reporter.repository_id)
    if repository is None or repository.owner.id != reporter.owner_id:
        raise ReportRejected(
            "repository_not_installed",
            f"the App is not at work on repository {reporter.repository_id} of this owner",
        )
    choice = policy_of(snapshot, repository, deps, now)
    if choice is None or not isinstance(choice.reading, LoadedPolicy):
        return repository
    environments = choice.reading.policy.environments.values()
    if all(it.validation.workflow != reporter.workflow for it in environments):
        raise ReportRejected(
            "workflow_not_in_policy",
            "no environment of the policy has this run's workflow as validation.workflow",
        )
    return repository


def _record(tx: Transaction, submission: Submission, repository: Repository) -> Reception:
    """Store what was handed in; raises ReportRejected when it contradicts or floods."""
    handed_in = submission.handed_in
    match handed_in:
        case ValidationReport():
            reception = reports.record_report(tx, handed_in, repository.installation_id)
        case AlertReport():
            reception = reports.record_alert(tx, handed_in, repository.installation_id)
        case _:
            assert_never(handed_in)
    if reception is Reception.CONFLICT:
        raise ReportRejected(
            f"{_noun(submission)}_conflict", "another one was handed in for this run attempt"
        )
    if reception is Reception.TOO_MANY:
        raise ReportRejected(
            "too_many_alerts", f"a run attempt has {reports.MOST_ALERTS} alerts at most"
        )
    return reception


def _wake(tx: Transaction, reporter: Reporter, now: datetime) -> None:
    """Make the undecided requests due whose last decision rested on the reporter's workflow."""
    watches = requests.read_watches(tx, reporter.repository_id)
    due = [watch.id for watch in watches if reporter.workflow in watch.paths]
    waking.wake_requests(tx, due, now)


def _entry(submission: Submission, repository: Repository, now: datetime) -> AuditEntry:
    reporter, handed_in = submission.reporter, submission.handed_in
    detail: dict[str, object] = {
        "workflow": reporter.workflow,
        "ref": reporter.ref,
        "head_sha": reporter.sha,
        "trigger": reporter.event,
        "token_id": reporter.token_id,
        "job_url": handed_in.job_url,
        "terraform_deployment_id": handed_in.terraform_deployment_id,
        "flows": _counted(handed_in.flows),
    }
    if isinstance(handed_in, AlertReport):
        detail["event"] = handed_in.event
    return repository_entry(
        repository,
        f"{_noun(submission)}.received",
        now,
        run_id=reporter.run_id,
        run_attempt=reporter.run_attempt,
        actor=_ACTOR,
        detail=detail,
    )


def _counted(flows: tuple[Flow, ...]) -> dict[str, int]:
    """Count flows by how they ended."""
    statuses = [flow.status for flow in flows]
    return {status.value: statuses.count(status) for status in FlowStatus if status in statuses}


def _noun(submission: Submission) -> str:
    return "alert" if isinstance(submission.handed_in, AlertReport) else "report"
