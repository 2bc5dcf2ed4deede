"""Fold stored deliveries into the facts, and name the requests that are due because of them.

Folding is commutative and idempotent, so a delivery may be read twice, or by two workers at once:
no claim is needed, only the row that says it was read, written in the same transaction as the
facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from gate.reconciler.reconcile import Begun, begin_pass
from gate.store import deployments, inbox, policies, repositories, requests, runs
from gate.store.database import Snapshot, Transaction, apart
from gate.store.deployments import DeploymentSighting
from gate.store.inbox import StoredDelivery
from gate.store.outages import is_outage
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


@dataclass(frozen=True, slots=True)
class Ingested:
    """What is to be done after deliveries were read.

    `begun` are the passes that were begun in the same commit, and `due` the requests that must
    still be looked at. `unsettled` are deliveries that were left, since only GitHub can tell which
    attempt of their run has asked.
    """

    due: tuple[RequestId, ...] = ()
    begun: tuple[Begun, ...] = ()
    unsettled: tuple[DeliveryId, ...] = ()


def ingest(delivery_ids: Sequence[DeliveryId], deps: Deps, *, begin: int = 0) -> Ingested:
    """Read stored deliveries, record what they show, and begin up to `begin` of the passes due.

    All in one transaction. One that was read already, or is gone, gives nothing; one that cannot
    be parsed although its signature was good is set aside for a person.
    """
    readings = _read_all(delivery_ids, deps)
    # Runs first: what they tell may spare the question which attempt of a run has asked.
    readings.sort(key=lambda reading: isinstance(reading.seen, RuleRequested))
    return _record_all(readings, deps, begin) if readings else Ingested()


def ingest_asking(delivery_id: DeliveryId, deps: Deps, *, begin: int = 0) -> Ingested:
    """Read a delivery that was left unsettled, and ask GitHub which attempt of its run has asked.

    Raises RetryLater when GitHub must be asked again later.
    """
    readings = [_with_attempt(reading, deps) for reading in _read_all([delivery_id], deps)]
    return _record_all(readings, deps, begin) if readings else Ingested()


def _read_all(delivery_ids: Sequence[DeliveryId], deps: Deps) -> list[_Reading]:
    stored = deps.database.read(lambda snapshot: inbox.read_deliveries(snapshot, delivery_ids))
    deps.failpoint("taken")
    return [reading for it in stored if (reading := _parse(it, deps)) is not None]


def _record_all(readings: Sequence[_Reading], deps: Deps, begin: int) -> Ingested:
    """Record what some deliveries show, all or nothing; begin the passes that are due then."""

    def record(tx: Transaction) -> tuple[Ingested, list[_Reading]]:
        due: dict[RequestId, None] = {}
        recorded: list[_Reading] = []
        unsettled: list[DeliveryId] = []
        for reading in readings:
            settled = _settled(tx, reading, deps)
            if settled is None:
                unsettled.append(reading.delivery_id)
                continue
            due |= dict.fromkeys(_record(tx, settled, deps))
            recorded.append(settled)
        for outcome, ids in _by_outcome(recorded).items():
            inbox.record_processed(tx, ids, outcome)
        ingested = _begin_some(tx, tuple(due), deps, begin)
        return replace(ingested, unsettled=tuple(unsettled)), recorded

    ingested, recorded = deps.database.transact(record)
    for reading in recorded:
        observed = type(reading.seen).__name__
        log.info("delivery.processed", delivery_id=reading.delivery_id, observed=observed)
    return ingested


def _begin_some(tx: Transaction, due: Sequence[RequestId], deps: Deps, most: int) -> Ingested:
    """Begin the first of the passes that are due; one that fails harms no other.

    It leaves no trace then and stays due, and whoever tries it alone will see it fail.
    """
    begun: list[Begun] = []
    left = list(due[most:])
    for request_id in due[:most]:
        try:
            this = apart(tx, partial(begin_pass, request_id=request_id, deps=deps))
        except Exception as error:
            if is_outage(error):
                raise
            left.append(request_id)
            continue
        if this is not None:
            begun.append(this)
    return Ingested(tuple(left), tuple(begun))


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
    if deps.database.read(lambda snapshot: _known_attempt(snapshot, seen, deps)) is not None:
        return reading
    run = deps.github.read_run(place_of(seen.repository), seen.run_id)
    if run is None:
        raise RetryLater("github_unavailable", f"run {seen.run_id} is not visible yet")
    log.info("run.observed", run_id=run.run_id, run_attempt=run.run_attempt)
    return replace(reading, run=run, attempt=run.run_attempt)


def _settled(tx: Transaction, reading: _Reading, deps: Deps) -> _Reading | None:
    """Settle which attempt of a run has asked from what is known; None when that does not do."""
    seen = reading.seen
    if not isinstance(seen, RuleRequested) or reading.attempt is not None:
        return reading
    known = _known_attempt(tx, seen, deps)
    return replace(reading, attempt=known) if known is not None else None


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
