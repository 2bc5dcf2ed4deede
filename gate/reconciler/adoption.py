"""Compare the runs that GitHub says are waiting with the requests we think are open.

A run that waits for us although no webhook said so is adopted; a request whose run no longer waits
is looked at, because GitHub sends no event when a gate is bypassed or runs out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from gate.domain.deliveries import Repository
from gate.domain.ids import RepositoryId, RequestId, RequestKey, RunId
from gate.domain.request import GateRequest
from gate.domain.runs import WorkflowRun
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.opening import open_gate
from gate.reconciler.places import place_of
from gate.store import requests, runs
from gate.store.database import Transaction
from gate.store.turns import take_turn

_LAG: Final = timedelta(seconds=60)
"""How long GitHub gets to list a run as waiting after it asked us about it."""

_KEPT: Final = timedelta(minutes=15)
"""How long it is remembered which environments our rule gates, and what a known run waits for."""

log = get_logger(__name__)


class Adopter:
    """Look at one repository after the other, remembering what need not be asked again."""

    def __init__(self, deps: Deps) -> None:
        """Begin knowing nothing."""
        self._deps = deps
        self._rules: dict[tuple[RepositoryId, str], tuple[datetime, bool]] = {}
        self._looked_at: dict[RunId, datetime] = {}

    def sweep(self, repository: Repository) -> int:
        """Adopt the gates of a repository that no webhook told us of; count them.

        Raises RetryLater or Refused when GitHub cannot be asked.
        """
        now = self._deps.clock()
        waiting = self._deps.github.read_waiting_runs(place_of(repository))
        undecided = self._deps.database.read(
            lambda snapshot: requests.undecided_requests(snapshot, repository.id)
        )
        waiting_ids = {run.run_id for run in waiting}
        vanished = [request for request in undecided if request.key.run_id not in waiting_ids]
        self._wake_missed(repository, vanished, now)
        self._looked_at = {k: at for k, at in self._looked_at.items() if now - at < _KEPT}
        return sum(self._adopt(run, repository, now) for run in waiting)

    def _wake_missed(
        self, repository: Repository, vanished: list[GateRequest], now: datetime
    ) -> None:
        missed = [it.id for it in vanished if now - it.waiting_since >= _LAG]
        if not missed:
            return

        def record(tx: Transaction) -> None:
            take_turn(tx, repository.installation_id)
            requests.record_missed(tx, missed, now)

        self._deps.database.transact(record)
        for request_id in missed:
            self._deps.wakeups.wake_request(request_id)

    def _adopt(self, run: WorkflowRun, repository: Repository, now: datetime) -> int:
        """Open the requests of a waiting run that no webhook told us of."""
        known = self._deps.database.read(
            lambda snapshot: requests.known_environments(
                snapshot, repository.id, run.run_id, run.run_attempt
            )
        )
        if known and run.run_id in self._looked_at:
            return 0
        pending = self._deps.github.read_pending_environments(place_of(repository), run.run_id)
        self._looked_at[run.run_id] = now
        lost = [it for it in sorted(pending - known) if self._is_ours(repository, it, now)]
        for environment in lost:
            opened = self._deps.database.transact(_adopting(run, repository, environment, now))
            for request_id in opened:
                log.warning("request.adopted", request_id=request_id, run_id=run.run_id)
                self._deps.wakeups.wake_request(request_id)
        return len(lost)

    def _is_ours(self, repository: Repository, environment: str, now: datetime) -> bool:
        """Say whether our rule gates an environment."""
        key = (repository.id, environment)
        known = self._rules.get(key)
        if known is None or now - known[0] >= _KEPT:
            enabled = self._deps.github.read_rule_enabled(place_of(repository), environment)
            known = (now, enabled)
            self._rules[key] = known
        return known[1]


def _adopting(
    run: WorkflowRun, repository: Repository, environment: str, now: datetime
) -> Callable[[Transaction], tuple[RequestId, ...]]:
    """Open a request as its webhook would have done; the deployment's id stays unknown."""

    def adopt(tx: Transaction) -> tuple[RequestId, ...]:
        take_turn(tx, repository.installation_id)
        runs.record_run(tx, run, now)
        return open_gate(
            tx,
            RequestKey(repository.id, run.run_id, run.run_attempt, environment),
            installation_id=repository.installation_id,
            environment=environment,
            head_sha=run.head_sha,
            deployment_id=None,
            now=now,
            adopted=True,
        )

    return adopt
