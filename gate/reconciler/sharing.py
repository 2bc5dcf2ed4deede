"""Ask GitHub for the facts that all of a repository's requests and incidents share.

What is read is recorded as if a webhook had brought it. Never called inside a transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from gate.domain.deliveries import Repository
from gate.domain.github import Place
from gate.domain.missing import JobsNeeded, ListingNeeded, PolicyNeeded, RepositoryNeeded
from gate.domain.runs import WorkflowRun
from gate.errors import Refused
from gate.reconciler.deps import Deps
from gate.reconciler.places import place_of
from gate.reconciler.policies import observe_policy
from gate.store import listings, repositories, runs
from gate.store.database import Transaction

SharedNeed = RepositoryNeeded | PolicyNeeded | ListingNeeded | JobsNeeded
"""A fact that belongs to no single request."""


def observe_shared(need: SharedNeed, repository: Repository, deps: Deps) -> None:
    """Read one fact and record it; raises RetryLater or Refused when GitHub would not show it."""
    now, place = deps.clock(), place_of(repository)
    match need:
        case RepositoryNeeded():
            _observe_repository(place, deps)
        case PolicyNeeded():
            observe_policy(repository, deps, now)
        case ListingNeeded():
            seen = deps.github.read_runs(place, need)
            deps.database.transact(lambda tx: _record_listing(tx, need, seen, repository, now))
        case JobsNeeded(run_id, attempt):
            jobs = deps.github.read_jobs(place, run_id, attempt)
            deps.database.transact(
                lambda tx: runs.record_jobs(
                    tx, repository.id, run_id, attempt, jobs=jobs, seen_at=now
                )
            )
        case _:
            assert_never(need)


def _observe_repository(place: Place, deps: Deps) -> None:
    """Read a repository's present name and default branch."""
    seen = deps.github.read_repository(place)
    if seen is None or seen.default_branch is None:
        raise Refused("not_found", f"repository {place.repository_id} cannot be seen")
    deps.database.transact(lambda tx: repositories.record_repository(tx, seen))


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
