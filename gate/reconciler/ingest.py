"""Fold stored deliveries into the facts, and name the requests that are due because of them.

Folding is commutative and idempotent, so a delivery may be read twice, or by two workers at once:
no claim is needed, only the row that says it was read, written in the same transaction as the
facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from gate.domain.attempts import known_attempt
from gate.domain.deliveries import (
    CommentSeen,
    DeploymentSeen,
    InstallationSeen,
    NothingSeen,
    Observation,
    Pushed,
    Repository,
    ReviewSubmitted,
    RuleRequested,
    RunSeen,
)
from gate.domain.ids import DeliveryId, RequestId, RequestKey, environment_key
from gate.domain.runs import WorkflowRun
from gate.errors import DeliveryRejected, RetryLater
from gate.log import get_logger
from gate.reconciler.claiming import record_comment, record_review
from gate.reconciler.deps import Deps
from gate.reconciler.opening import open_gate
from gate.reconciler.places import place_of
from gate.reconciler.policies import organization_source, repository_source
from gate.store import deployments, inbox, policies, repositories, requests, runs
from gate.store.database import Snapshot, Transaction
from gate.store.deployments import DeploymentSighting
from gate.store.inbox import StoredDelivery
from gate.store.requests import Watch

_ORGANIZATION_REPOSITORY: Final = ".github"
_STILL_WAITING: Final = "waiting"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A parsed delivery; for a rule with the attempt that asks, and with its run if just read."""

    delivery_id: DeliveryId
    seen: Observation
    run: WorkflowRun | None = None
    attempt: int | None = None


def ingest(delivery_ids: Sequence[DeliveryId], deps: Deps) -> tuple[RequestId, ...]:
    """Read stored deliveries, record what they show, and list the requests to look at.

    One that was read already, or is gone, gives nothing; one that cannot be parsed although its
    signature was good is set aside for a person. Raises RetryLater when GitHub or the database must
    be asked again; what was recorded by then stays recorded, and its requests stay due.
    """
    stored = deps.database.read(lambda snapshot: inbox.read_deliveries(snapshot, delivery_ids))
    deps.failpoint("taken")
    readings = [reading for it in stored if (reading := _parse(it, deps)) is not None]
    # Runs first: what they tell may spare the question which attempt of a run has asked.
    asked = [reading for reading in readings if isinstance(reading.seen, RuleRequested)]
    other = [reading for reading in readings if not isinstance(reading.seen, RuleRequested)]
    due = _record_all(other, deps)
    due |= _record_all([_with_attempt(reading, deps) for reading in asked], deps)
    return tuple(due)


def _record_all(readings: Sequence[_Reading], deps: Deps) -> dict[RequestId, None]:
    """Record what some deliveries show, all or nothing; give the requests to look at."""
    if not readings:
        return {}

    def record(tx: Transaction) -> dict[RequestId, None]:
        due: dict[RequestId, None] = {}
        for reading in readings:
            due |= dict.fromkeys(_record(tx, reading, deps))
        for outcome, ids in _by_outcome(readings).items():
            inbox.record_processed(tx, ids, outcome)
        return due

    due = deps.database.transact(record)
    for reading in readings:
        observed = type(reading.seen).__name__
        log.info("delivery.processed", delivery_id=reading.delivery_id, observed=observed)
    return due


def _parse(stored: StoredDelivery, deps: Deps) -> _Reading | None:
    """Parse a delivery; set it aside when it makes no sense."""
    try:
        return _Reading(stored.id, deps.parse_delivery(stored.event, stored.body))
    except DeliveryRejected as error:
        reason, detail = error.reason, error.detail
    deps.database.transact(lambda tx: inbox.record_quarantined(tx, stored.id, reason))
    log.error("delivery.quarantined", delivery_id=stored.id, reason=reason, detail=detail)
    return None


def _with_attempt(reading: _Reading, deps: Deps) -> _Reading:
    """Settle which attempt of a run has asked, reading the run from GitHub where need be.

    GitHub's listings lag behind its events: a run that is not to be seen yet is tried again.
    """
    seen = reading.seen
    if not isinstance(seen, RuleRequested):
        return reading
    attempt = deps.database.read(lambda snapshot: _known_attempt(snapshot, seen, deps))
    if attempt is not None:
        return replace(reading, attempt=attempt)
    run = deps.github.read_run(place_of(seen.repository), seen.run_id)
    if run is None:
        raise RetryLater("github_unavailable", f"run {seen.run_id} is not visible yet")
    log.info("run.observed", run_id=run.run_id, run_attempt=run.run_attempt)
    return replace(reading, run=run, attempt=run.run_attempt)


def _by_outcome(readings: Sequence[_Reading]) -> dict[str, list[DeliveryId]]:
    """Group deliveries by what is noted about them."""
    grouped: dict[str, list[DeliveryId]] = {}
    for reading in readings:
        seen = reading.seen
        outcome = seen.reason if isinstance(seen, NothingSeen) else "recorded"
        grouped.setdefault(outcome, []).append(reading.delivery_id)
    return grouped


def _known_attempt(snapshot: Snapshot, seen: RuleRequested, deps: Deps) -> int | None:
    mapped = deployments.attempt_of(snapshot, seen.repository.id, seen.deployment_id)
    if mapped is not None:
        return mapped
    run = runs.newest_attempt(snapshot, seen.repository.id, seen.run_id)
    if run is None:
        return None
    key = _key(seen, run.run_attempt)
    return known_attempt(run, requests.find_request(snapshot, key), deps.clock())


def _key(seen: RuleRequested, attempt: int) -> RequestKey:
    return RequestKey(seen.repository.id, seen.run_id, attempt, environment_key(seen.environment))


def _record(tx: Transaction, reading: _Reading, deps: Deps) -> tuple[RequestId, ...]:
    """Record what one delivery shows; give the requests to look at because of it."""
    seen = reading.seen
    due: tuple[RequestId, ...] = ()
    match seen:
        case RuleRequested():
            due = _record_rule(tx, seen, reading, deps)
        case RunSeen(repository, seen_run):
            due = _record_run(tx, repository, seen_run, deps)
        case DeploymentSeen():
            due = _record_deployment(tx, seen, deps)
        case ReviewSubmitted():
            repositories.record_repository(tx, seen.repository)
            due = record_review(tx, seen, deps)
        case CommentSeen():
            repositories.record_repository(tx, seen.repository)
            due = record_comment(tx, seen, deps)
        case Pushed():
            due = _record_push(tx, seen, deps)
        case InstallationSeen():
            repositories.record_installation(tx, seen, deps.clock())
        case NothingSeen():
            pass
        case _:
            assert_never(seen)
    return due


def _record_rule(
    tx: Transaction, seen: RuleRequested, reading: _Reading, deps: Deps
) -> tuple[RequestId, ...]:
    """Open the gate request that GitHub waits for, or fold one more job into it."""
    repositories.record_repository(tx, seen.repository)
    if reading.run is not None:
        runs.record_run(tx, reading.run, deps.clock())
    attempt = reading.attempt
    if attempt is None:
        msg = f"delivery {reading.delivery_id} asks for an attempt that was never settled"
        raise LookupError(msg)
    sighting = DeploymentSighting(
        seen.repository.id, seen.deployment_id, seen.environment, seen.run_id, attempt
    )
    deployments.record_deployment(tx, sighting, deps.clock())
    return open_gate(
        tx,
        _key(seen, attempt),
        installation_id=seen.repository.installation_id,
        environment=seen.environment,
        head_sha=seen.head_sha,
        deployment_id=seen.deployment_id,
        now=deps.clock(),
    )


def _record_run(
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
    requests.wake_requests(tx, due, now)
    return tuple(due)


def _ends(run: WorkflowRun, watch: Watch) -> bool:
    """Say whether a run's news may be the end of a request of its own."""
    return run.run_id == watch.run_id and (run.is_completed or run.run_attempt > watch.run_attempt)


def _record_deployment(tx: Transaction, seen: DeploymentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Record a deployment's state; one that left `waiting` concerns its request."""
    now = deps.clock()
    repositories.record_repository(tx, seen.repository)
    run = seen.run
    if run is not None:
        runs.record_run(tx, run, now)
    sighting = DeploymentSighting(
        seen.repository.id,
        seen.deployment_id,
        seen.environment,
        run_id=run.run_id if run is not None else None,
        run_attempt=run.run_attempt if run is not None else None,
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
    requests.wake_requests(tx, due, now)
    due += requests.wake_released(tx, seen.repository.id, seen.deployment_id, now)
    return tuple(due)


def _record_push(tx: Transaction, seen: Pushed, deps: Deps) -> tuple[RequestId, ...]:
    """Distrust the policy of a repository, or of a whole owner, whose default branch moved."""
    now = deps.clock()
    repository = seen.repository
    repositories.record_repository(tx, repository)
    if repository.default_branch is not None and seen.branch != repository.default_branch:
        return ()
    policies.record_suspect(tx, repository_source(repository.id))
    if repository.full_name.partition("/")[2] == _ORGANIZATION_REPOSITORY:
        policies.record_suspect(tx, organization_source(repository.owner.id))
        return tuple(requests.wake_installation(tx, repository.installation_id, now))
    return tuple(requests.wake_repository(tx, repository.id, now))
