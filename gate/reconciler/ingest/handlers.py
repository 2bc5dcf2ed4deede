"""Fold what one delivery shows into the facts, and name the requests that it concerns.

Each function runs in the transaction that marks the delivery as read. Folding is commutative and
idempotent, so a delivery may be read twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from gate.domain.model.deliveries import (
    CheckRequested,
    CommentSeen,
    DeploymentSeen,
    InstallationSeen,
    IssueChanged,
    NothingSeen,
    Observation,
    PullRequestChanged,
    Pushed,
    Repository,
    ReviewSubmitted,
    RuleRequested,
    RunSeen,
)
from gate.domain.model.deployments import stand_in
from gate.domain.model.ids import DeliveryId, RequestId, RequestKey, Sha, environment_key
from gate.domain.model.runs import WorkflowRun
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.comments import record_comment, record_issue_change
from gate.reconciler.ingest.pull_requests import record_pull_request
from gate.reconciler.overrides.reviews import record_review
from gate.reconciler.requests.opening import open_gate
from gate.store.engine.database import Transaction
from gate.store.github import deployments, policies, repositories, runs
from gate.store.github.deployments import DeploymentSighting
from gate.store.github.stored_policies import misnamed, organization_source, repository_source
from gate.store.inbox import redeliveries
from gate.store.incidents.checks import mark_check
from gate.store.requests import requests, waking
from gate.store.requests.requests import Watch

_ORGANIZATION_REPOSITORY: Final = ".github"
_STILL_WAITING: Final = "waiting"


@dataclass(frozen=True, slots=True)
class Reading:
    """A parsed delivery; for a rule with the attempt that asks, and with its run if just read."""

    delivery_id: DeliveryId
    seen: Observation
    received_at: datetime
    run: WorkflowRun | None = None
    attempt: int | None = None


def _first_receipt(tx: Transaction, reading: Reading) -> datetime | None:
    """Return when GitHub told us first; None when it had to be asked to tell us again.

    What was lost at first may be much older than its receipt.
    """
    was_lost = redeliveries.redeliveries_asked(tx, [reading.delivery_id])
    return None if was_lost else reading.received_at


def key_of(seen: RuleRequested, attempt: int) -> RequestKey:
    """Name the request that a rule asks for, in one attempt of its run."""
    return RequestKey(seen.repository.id, seen.run_id, attempt, environment_key(seen.environment))


def record_reading(tx: Transaction, reading: Reading, deps: Deps) -> tuple[RequestId, ...]:
    """Record what one delivery shows; give the requests to look at because of it."""
    seen = reading.seen
    due: tuple[RequestId, ...] = ()
    match seen:
        case RuleRequested():
            due = _record_rule(tx, seen, reading, deps)
        case RunSeen(repository, seen_run):
            due = record_run(tx, repository, seen_run, deps)
        case DeploymentSeen():
            due = _record_deployment(tx, seen, deps)
        case ReviewSubmitted():
            repositories.record_repository(tx, seen.repository)
            due = record_review(tx, seen, _first_receipt(tx, reading), deps)
        case CommentSeen():
            repositories.record_repository(tx, seen.repository)
            due = record_comment(tx, seen, deps)
        case Pushed():
            due = _record_push(tx, seen, deps)
        case (
            IssueChanged()
            | PullRequestChanged()
            | CheckRequested()
            | InstallationSeen()
            | NothingSeen()
        ):
            _record_beside(tx, seen, deps)
        case _:
            assert_never(seen)
    return due


def _record_beside(
    tx: Transaction,
    seen: IssueChanged | PullRequestChanged | CheckRequested | InstallationSeen | NothingSeen,
    deps: Deps,
) -> None:
    """Record what concerns no request."""
    match seen:
        case IssueChanged():
            repositories.record_repository(tx, seen.repository)
            record_issue_change(tx, seen, deps)
        case PullRequestChanged() | CheckRequested():
            record_pull_request(tx, seen, deps.clock())
        case InstallationSeen():
            repositories.record_installation(tx, seen, deps.clock())
        case NothingSeen():
            pass
        case _:
            assert_never(seen)


def _record_rule(
    tx: Transaction, seen: RuleRequested, reading: Reading, deps: Deps
) -> tuple[RequestId, ...]:
    """Open the gate request that GitHub waits for, or fold one more job into it."""
    due: tuple[RequestId, ...] = ()
    if reading.run is not None:
        due = record_run(tx, seen.repository, reading.run, deps)
    else:
        repositories.record_repository(tx, seen.repository)
    attempt = reading.attempt
    if attempt is None:
        msg = f"delivery {reading.delivery_id} asks for an attempt that was never settled"
        raise LookupError(msg)
    deployment_id, head_sha = seen.deployment_id, seen.head_sha
    if deployment_id is None:
        deployment_id = stand_in(reading.delivery_id)
    else:
        sighting = DeploymentSighting(
            seen.repository.id, deployment_id, seen.environment, seen.run_id, attempt
        )
        deployments.record_deployment(tx, sighting, deps.clock())
    if head_sha is None:
        head_sha = _commit_of(tx, seen)
    opened = open_gate(
        tx,
        key_of(seen, attempt),
        installation_id=seen.repository.installation_id,
        environment=seen.environment,
        head_sha=head_sha,
        deployment_id=deployment_id,
        now=deps.clock(),
    )
    return (*due, *opened)


def _commit_of(tx: Transaction, seen: RuleRequested) -> Sha:
    """Return the commit of a known run, which all its attempts share."""
    run = runs.newest_attempt(tx, seen.repository.id, seen.run_id)
    if run is None:
        msg = f"run {seen.run_id} asks without a deployment and was never settled"
        raise LookupError(msg)
    return run.head_sha


def record_run(
    tx: Transaction, repository: Repository, run: WorkflowRun, deps: Deps
) -> tuple[RequestId, ...]:
    """Record a run; it concerns the requests whose evidence it may be, and those of its own."""
    now = deps.clock()
    repositories.record_repository(tx, repository)
    runs.record_run(tx, run, now)
    due = [
        watch.id
        for watch in requests.read_watches(tx, repository.id)
        if run.path in watch.paths or _ends(run, watch)
    ]
    waking.wake_requests(tx, due, now)
    return tuple(due)


def _ends(run: WorkflowRun, watch: Watch) -> bool:
    """Return whether a run's news may be the end of a request of its own."""
    return run.run_id == watch.run_id and (run.is_completed or run.run_attempt > watch.run_attempt)


def _record_deployment(tx: Transaction, seen: DeploymentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Record a deployment's state; one that left `waiting` concerns its request."""
    now = deps.clock()
    repositories.record_repository(tx, seen.repository)
    if seen.run is not None:
        runs.record_run(tx, seen.run, now)
    sighting = DeploymentSighting(
        seen.repository.id,
        seen.deployment_id,
        seen.environment,
        run_id=seen.run_id,
        run_attempt=seen.run_attempt,
        state=seen.state,
        state_at=seen.at,
    )
    deployments.record_deployment(tx, sighting, now)
    if seen.state == _STILL_WAITING:
        return ()
    due = [
        request.id
        for request in requests.undecided_requests(tx, seen.repository.id)
        if seen.deployment_id in request.deployment_ids
    ]
    waking.wake_requests(tx, due, now)
    due += waking.wake_released(tx, seen.repository.id, seen.deployment_id, now)
    return tuple(due)


def _record_push(tx: Transaction, seen: Pushed, deps: Deps) -> tuple[RequestId, ...]:
    """Distrust the policy of a repository, or of a whole owner, whose default branch moved.

    The repository's incidents are looked at, so that the policy is read although nothing waits: it
    may have been mended, or gate one more environment. What an owner's policy has changed, the
    reading of it tells to the others (`gate.reconciler.observe.policy_documents`).
    """
    now = deps.clock()
    repository = seen.repository
    repositories.record_repository(tx, repository)
    if repository.default_branch is not None and seen.branch != repository.default_branch:
        return ()
    _distrust(tx, repository_source(repository.id), repository)
    mark_check(tx, repository.id, now)
    if repository.full_name.partition("/")[2] == _ORGANIZATION_REPOSITORY:
        _distrust(tx, organization_source(repository.owner.id), repository)
        return tuple(waking.wake_installation(tx, repository.installation_id, now))
    return tuple(waking.wake_repository(tx, repository.id, now))


def _distrust(tx: Transaction, source: str, repository: Repository) -> None:
    """Have a policy read again, and the file beside it, should it have been renamed."""
    policies.record_suspect(tx, source, repository.installation_id)
    policies.record_suspect_file(tx, misnamed(source))
