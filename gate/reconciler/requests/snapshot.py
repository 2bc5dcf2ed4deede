"""Read what is known about one leased request, in one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.clock import Moment
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, RequestKey
from gate.domain.model.ledger import Effect, Ledger
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.closing import Sighting
from gate.domain.requests.missing_facts import Need
from gate.reconciler.observe.request import Observed
from gate.store.engine.database import Transaction
from gate.store.github import deployments, repositories, runs
from gate.store.requests import ledger, requests
from gate.store.requests.leases import Lease


@dataclass(frozen=True, slots=True)
class View:
    """A request with its repository, its ledger and what GitHub shows of its gate.

    `began` is the moment at which the pass began that reads it.
    """

    lease: Lease
    request: GateRequest
    repository: Repository
    entries: Ledger
    sighting: Sighting
    began: Moment

    @property
    def triggered_by(self) -> tuple[AccountId, ...] | None:
        """Return who started the run attempt; None when that was never seen."""
        run = self.sighting.run
        if run is None:
            return None
        people = (run.actor, run.triggering_actor)
        return tuple(dict.fromkeys(person.id for person in people if person is not None))


@dataclass(frozen=True, slots=True)
class Missing:
    """The pass cannot decide before these facts are read."""

    view: View
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Passed:
    """The pass is on record. With effects, the lease is held until the last one is settled.

    `due_at` is when the request must be looked at next if nothing happens.
    """

    view: View
    verdict: str
    reason: str
    effects: tuple[Effect, ...] = ()
    due_at: datetime | None = None


def read_view(tx: Transaction, lease: Lease, observed: Observed, began: Moment) -> View:
    """Read the request under its lease, with everything but its evidence.

    Raises LookupError when the request's repository was never recorded, which cannot happen: both
    are written together.
    """
    request = requests.read_request(tx, lease.request_id)
    if request is None:
        msg = f"leased request {lease.request_id} is not in the database"
        raise LookupError(msg)
    repository = repositories.read_repository(tx, request.key.repository_id)
    if repository is None:
        msg = f"the repository of request {request.id} is not in the database"
        raise LookupError(msg)
    return View(
        lease=lease,
        request=request,
        repository=repository,
        entries=Ledger() if request.is_untouched else ledger.read_ledger(tx, request.id),
        sighting=_sighting(tx, request, observed),
        began=began,
    )


def _sighting(tx: Transaction, request: GateRequest, observed: Observed) -> Sighting:
    key = request.key
    newest = runs.newest_attempt(tx, key.repository_id, key.run_id)
    own = newest
    if newest is not None and newest.run_attempt != key.run_attempt:
        own = runs.read_run(tx, key.repository_id, key.run_id, key.run_attempt)
    return Sighting(
        run=own,
        newest_attempt=newest.run_attempt if newest is not None else key.run_attempt,
        deployment_states=(
            *deployments.deployment_states(tx, key.repository_id, request.unanswered),
            *observed.states,
        ),
        pending=observed.pending,
        run_gone=observed.run_gone,
        jobs=observed.jobs,
        earlier_approval=_was_approved_earlier(tx, key, own),
    )


def _was_approved_earlier(tx: Transaction, key: RequestKey, run: WorkflowRun | None) -> bool:
    """Return whether an approval of an earlier attempt came when this one had begun."""
    if key.run_attempt == 1 or run is None:
        return False
    return ledger.was_approved_earlier(tx, key, run.started_at)
