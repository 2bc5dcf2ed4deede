"""Ask GitHub for the facts that a pass found missing.

What is read is recorded as if a webhook had brought it. What holds for this pass only, namely that
GitHub would not answer, or whether the gate still pends, is carried in `Observed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import DeploymentStatus, RepositoryAddress
from gate.domain.model.ids import DeploymentId
from gate.domain.model.overrides import Standing
from gate.domain.model.policy.policy import UnavailablePolicy
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import Job, WorkflowRun
from gate.domain.requests.missing_facts import (
    GateNeeded,
    JobsNeeded,
    ListingNeeded,
    Need,
    PolicyNeeded,
    RepositoryNeeded,
    RoutesNeeded,
    StandingNeeded,
    StatusesNeeded,
    TriggerNeeded,
)
from gate.errors import GateError, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.observe.policy import unreadable
from gate.reconciler.observe.repository import observe_shared
from gate.reconciler.observe.reviewer import observe_standing
from gate.reconciler.obstacles import cause
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import runs

_MOST_DEPLOYMENTS: Final = 10
"""Deployments of one request, a matrix's for instance, of which the history is read."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Observed:
    """What GitHub said, or would not say, during one pass.

    `gate_asked` says that the gate was looked at in this pass; `pending` and `run_gone` are what
    was seen then, `later_attempt` the one that waits in place of the request's own, and where the
    gate is gone the attempt's `jobs` and the `states` that its deployments have gone through.
    `standings` are of people who were looked up in this pass, and
    `statuses` those of deployments, newest first. `unavailable` names the first fact that could not
    be read, and `error` why.
    """

    policy_unavailable: UnavailablePolicy | None = None
    gate_asked: bool = False
    pending: bool | None = None
    run_gone: bool = False
    later_attempt: WorkflowRun | None = None
    jobs: tuple[Job, ...] | None = None
    states: tuple[str, ...] = ()
    unavailable: str | None = None
    error: GateError | None = None
    standings: tuple[Standing, ...] = ()
    statuses: Mapping[DeploymentId, tuple[DeploymentStatus, ...]] | None = None


def observe(
    needs: Sequence[Need],
    request: GateRequest,
    repository: Repository,
    observed: Observed,
    deps: Deps,
) -> Observed:
    """Read every needed fact; stop at the first that GitHub refuses or cannot give.

    Never raises for GitHub: what could not be read is a value, on which the pass then decides.
    """
    for need in needs:
        try:
            observed = _observe(need, request, repository, observed, deps)
        except (RetryLater, Refused) as error:
            log.warning("fact.unavailable", need=type(need).__name__, reason=error.reason)
            return _without(need, observed, error)
    return observed


def give_up(needs: Sequence[Need], observed: Observed) -> Observed:
    """Let what is needed count as unavailable: it was read, and is distrusted again and again."""
    error = RetryLater(
        "facts_restless", "webhooks keep getting lost, so what was read is already out of date"
    )
    for need in needs:
        observed = _without(need, observed, error)
    return observed


def _without(need: Need, observed: Observed, error: GateError) -> Observed:
    """Note that a fact could not be read, and why."""
    if isinstance(need, PolicyNeeded):
        return replace(observed, policy_unavailable=unreadable(error), error=error)
    fact = f"cannot read {_described(need)}: {cause(error)}"
    return replace(
        observed,
        gate_asked=observed.gate_asked or isinstance(need, GateNeeded),
        unavailable=error.detail if error.reason == "listing_missed" else fact,
        error=error,
    )


def _observe(
    need: Need,
    request: GateRequest,
    repository: Repository,
    observed: Observed,
    deps: Deps,
) -> Observed:
    """Read one needed fact: record it, or carry it in what is returned."""
    address = repository.address
    match need:
        case RepositoryNeeded() | PolicyNeeded() | ListingNeeded() | JobsNeeded():
            observe_shared(need, repository, deps)
        case GateNeeded():
            observed = _observe_gate(request, repository, observed, deps)
        case TriggerNeeded():
            _observe_trigger(request, address, deps)
        case StandingNeeded():
            standing = observe_standing(need, address, repository.owner.login, deps.github.people)
            observed = replace(observed, standings=(*observed.standings, standing))
        case RoutesNeeded():
            deps.routes.ask(need, address, deps.github.people, deps.clock())
        case StatusesNeeded(ids):
            read = {it: deps.github.deployments.read_deployment_statuses(address, it) for it in ids}
            observed = replace(observed, statuses=read)
        case _:
            assert_never(need)
    return observed


def _observe_gate(
    request: GateRequest, repository: Repository, observed: Observed, deps: Deps
) -> Observed:
    """Look whether GitHub still waits for the request, and how its run stands."""
    now = deps.clock()
    address = repository.address
    key = request.key
    newest = deps.github.actions.read_run(address, key.run_id)
    if newest is None:
        return replace(observed, gate_asked=True, pending=False, run_gone=True)
    pending = key.environment in deps.github.actions.read_pending_environments(address, key.run_id)
    if newest.run_attempt == key.run_attempt:
        deps.database.transact(_seeing(request, [newest], now))
        if not pending:
            observed = _observe_end(request, address, observed, deps)
        return replace(observed, gate_asked=True, pending=pending)
    own = deps.github.actions.read_run_attempt(address, key.run_id, key.run_attempt)
    attempts = [newest, own] if own is not None else [newest]
    deps.database.transact(_seeing(request, attempts, now))
    waits_now = newest if pending else None
    return replace(observed, gate_asked=True, pending=False, later_attempt=waits_now)


def _observe_end(
    request: GateRequest, address: RepositoryAddress, observed: Observed, deps: Deps
) -> Observed:
    """Read what became of the jobs that waited: whether one of them went on."""
    asked = [it for it in request.unanswered if it > 0][:_MOST_DEPLOYMENTS]
    states = [
        status.state
        for it in asked
        for status in deps.github.deployments.read_deployment_statuses(address, it)
    ]
    jobs = deps.github.actions.read_jobs(address, request.key.run_id)
    own = tuple(job for job in jobs if job.run_attempt == request.key.run_attempt)
    return replace(observed, jobs=own, states=tuple(dict.fromkeys(states)))


def _observe_trigger(request: GateRequest, address: RepositoryAddress, deps: Deps) -> None:
    """Read the run attempt that asks: it tells who started it."""
    now = deps.clock()
    run = deps.github.actions.read_run_attempt(address, request.key.run_id, request.key.run_attempt)
    if run is None:
        raise Refused("not_found", f"run {request.key.run_id} cannot be seen")
    deps.database.transact(_seeing(request, [run], now))


def _seeing(
    request: GateRequest, attempts: Sequence[WorkflowRun], now: datetime
) -> Callable[[Transaction], None]:
    """Record how the run of a request stands, and the attempt that asks."""

    def record(tx: Transaction) -> None:
        take_turn(tx, request.installation_id)
        for run in attempts:
            runs.record_run(tx, run, now)

    return record


def _described(need: Need) -> str:
    """Name a fact in words."""
    match need:
        case RepositoryNeeded():
            fact = "the repository"
        case PolicyNeeded():
            fact = "the policy"
        case ListingNeeded(path):
            fact = f"the runs of {path}"
        case JobsNeeded(run_id):
            fact = f"the jobs of run {run_id}"
        case GateNeeded():
            fact = "whether the deployment still waits"
        case TriggerNeeded():
            fact = "who started the deployment"
        case StandingNeeded(person):
            fact = f"whether {person.login} may override"
        case RoutesNeeded():
            fact = "the routes of an override"
        case StatusesNeeded():
            fact = "the state of the deployments"
        case _:
            assert_never(need)
    return fact
