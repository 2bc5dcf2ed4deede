"""Ask GitHub for the facts that a pass found missing.

What is read is recorded as if a webhook had brought it. What holds for this pass only, namely that
GitHub would not answer, or whether the gate still pends, is carried in `Observed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from gate.domain.deliveries import Repository
from gate.domain.missing import (
    GateNeeded,
    JobsNeeded,
    ListingNeeded,
    Need,
    PolicyNeeded,
    RepositoryNeeded,
)
from gate.domain.policy import UnavailablePolicy
from gate.domain.request import GateRequest
from gate.domain.runs import WorkflowRun
from gate.errors import GateError, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.places import place_of
from gate.reconciler.policies import observe_policy, unreadable
from gate.store import listings, repositories, runs
from gate.store.database import Transaction

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Observed:
    """What GitHub said, or would not say, during one pass.

    `gate_asked` says that the gate was looked at in this pass; `pending` and `run_gone` are what
    was seen then. `unavailable` names the first fact that could not be read, and `error` why.
    """

    policy_unavailable: UnavailablePolicy | None = None
    gate_asked: bool = False
    pending: bool | None = None
    run_gone: bool = False
    unavailable: str | None = None
    error: GateError | None = None


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


def _without(need: Need, observed: Observed, error: GateError) -> Observed:
    """Note that a fact could not be read, and why."""
    if isinstance(need, PolicyNeeded):
        return replace(observed, policy_unavailable=unreadable(error), error=error)
    return replace(
        observed,
        gate_asked=observed.gate_asked or isinstance(need, GateNeeded),
        unavailable=f"{_described(need)} ({error.reason})",
        error=error,
    )


def _observe(
    need: Need,
    request: GateRequest,
    repository: Repository,
    observed: Observed,
    deps: Deps,
) -> Observed:
    now = deps.clock()
    place = place_of(repository)
    match need:
        case RepositoryNeeded():
            seen_repository = deps.github.read_repository(place)
            if seen_repository is None or seen_repository.default_branch is None:
                raise Refused("not_found", f"repository {repository.id} cannot be seen")
            deps.database.transact(lambda tx: repositories.record_repository(tx, seen_repository))
            return observed
        case PolicyNeeded():
            observe_policy(repository, deps, now)
            return observed
        case ListingNeeded():
            seen = deps.github.read_runs(place, need)
            deps.database.transact(lambda tx: _record_listing(tx, need, seen, repository, now))
            return observed
        case JobsNeeded(run_id, attempt):
            jobs = deps.github.read_jobs(place, run_id, attempt)
            deps.database.transact(
                lambda tx: runs.record_jobs(
                    tx, repository.id, run_id, attempt, jobs=jobs, seen_at=now
                )
            )
            return observed
        case GateNeeded():
            return _observe_gate(request, repository, observed, deps)
        case _:
            assert_never(need)


def _record_listing(
    tx: Transaction,
    listing: ListingNeeded,
    seen: tuple[WorkflowRun, ...],
    repository: Repository,
    now: datetime,
) -> None:
    """Record runs and that they were listed at `now`, which is from before the call."""
    for run in seen:
        runs.record_run(tx, run, now)
    listings.record_listing(tx, repository.id, listing, now)


def _observe_gate(
    request: GateRequest, repository: Repository, observed: Observed, deps: Deps
) -> Observed:
    """Look whether GitHub still waits for the request, and how its run stands."""
    now = deps.clock()
    place = place_of(repository)
    key = request.key
    newest = deps.github.read_run(place, key.run_id)
    if newest is None:
        return replace(observed, gate_asked=True, pending=False, run_gone=True)
    attempts = [newest]
    if newest.run_attempt != key.run_attempt:
        own = deps.github.read_run_attempt(place, key.run_id, key.run_attempt)
        attempts += [own] if own is not None else []
        pending = False
    else:
        pending = key.environment in deps.github.read_pending_environments(place, key.run_id)
    deps.database.transact(lambda tx: [runs.record_run(tx, run, now) for run in attempts])
    return replace(observed, gate_asked=True, pending=pending)


def _described(need: Need) -> str:
    match need:
        case RepositoryNeeded():
            return "the repository"
        case PolicyNeeded():
            return "the policy"
        case ListingNeeded(path):
            return f"the runs of {path}"
        case JobsNeeded(run_id):
            return f"the jobs of run {run_id}"
        case GateNeeded():
            return "whether the deployment still waits"
        case _:
            assert_never(need)
