"""Ask GitHub for the facts that all of a repository's requests and incidents share.

What is read is recorded as if a webhook had brought it. Never called inside a transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from gate.domain.evidence.absence import CONFIRMED_AFTER
from gate.domain.evidence.jobs import shows_end
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import RunId
from gate.domain.model.runs import Job
from gate.domain.requests.missing_facts import (
    JobsNeeded,
    ListingNeeded,
    PolicyNeeded,
    RepositoryNeeded,
)
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.observe.policy_documents import observe_policy
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import listings, repositories, runs
from gate.store.github.listings import ListingRecord

log = get_logger(__name__)

SharedNeed = RepositoryNeeded | PolicyNeeded | ListingNeeded | JobsNeeded
"""A fact that belongs to no single request."""


def observe_shared(need: SharedNeed, repository: Repository, deps: Deps) -> None:
    """Read one fact and record it; raises RetryLater or Refused when GitHub would not show it."""
    now, address = deps.clock(), repository.address
    match need:
        case RepositoryNeeded():
            _observe_repository(address, deps)
        case PolicyNeeded():
            observe_policy(repository, deps, now)
        case ListingNeeded():
            _observe_listing(need, repository, deps, now)
        case JobsNeeded(run_id, attempt):
            jobs = _read_jobs(address, run_id, attempt, deps)

            def record(tx: Transaction) -> None:
                take_turn(tx, repository.installation_id)
                runs.record_jobs(tx, repository.id, run_id, attempt, jobs=jobs, seen_at=now)

            deps.database.transact(record)
        case _:
            assert_never(need)


def _read_jobs(
    address: RepositoryAddress, run_id: RunId, attempt: int, deps: Deps
) -> tuple[Job, ...]:
    """Read the jobs of a run that has ended; a list from before that end is not kept.

    What is kept once is not read again, and would say for ever what it said too early.
    """
    jobs = deps.github.actions.read_jobs(address, run_id)
    if not shows_end(jobs, attempt):
        raise RetryLater("github_unavailable", f"the jobs of run {run_id} are not all listed yet")
    return jobs


def _observe_repository(address: RepositoryAddress, deps: Deps) -> None:
    """Read a repository's present name and default branch.

    Where a webhook told another branch meanwhile, it is not known still, and asked for again.
    """
    seen = deps.github.contents.read_repository(address)
    if seen is None or seen.default_branch is None:
        raise Refused("not_found", f"repository {address.repository_id} cannot be seen")

    def record(tx: Transaction) -> None:
        take_turn(tx, address.installation_id)
        repositories.record_repository(tx, seen)

    deps.database.transact(record)


def _observe_listing(
    listing: ListingNeeded, repository: Repository, deps: Deps, now: datetime
) -> None:
    """Read a listing and its runs; `now` is from before the call.

    A listing that is empty although runs are known is no listing yet: GitHub may have failed to
    find it. Raises RetryLater until it was empty twice, and Refused when the repository cannot be
    seen either.
    """
    address = repository.address
    seen = deps.github.actions.read_runs(address, listing)
    missed = seen is None and deps.database.read(
        lambda snapshot: runs.knows_runs(snapshot, repository.id, listing.path)
    )
    if missed and deps.github.contents.read_repository(address) is None:
        raise Refused("not_found", f"repository {address.repository_id} cannot be seen")

    def record(tx: Transaction) -> ListingRecord:
        take_turn(tx, repository.installation_id)
        absent_since = None
        if missed:
            known = listings.read_listings(tx, repository.id).get(listing)
            absent_since = known.absent_since if known is not None else None
            absent_since = absent_since or now
        for run in seen.runs if seen is not None else ():
            runs.record_run(tx, run, now)
        recorded = ListingRecord(now, absent_since, seen.since if seen is not None else None)
        listings.record_listing(tx, repository.id, listing, recorded)
        return recorded

    recorded = deps.database.transact(record)
    if recorded.absent_since is not None and recorded.is_unsettled:
        log.warning("listing.missed", repository_id=repository.id, path=listing.path)
        after = recorded.absent_since + CONFIRMED_AFTER - now
        detail = f"GitHub lists no run of {listing.path}, but did before; the gate checks again"
        raise RetryLater("listing_missed", detail, after=after)
