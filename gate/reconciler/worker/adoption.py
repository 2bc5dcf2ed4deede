"""Compare what GitHub shows of a repository's runs with what its webhooks told.

A run that waits for us although no webhook said so is adopted, and one that may be evidence is
recorded; a request whose run no longer waits is looked at, because GitHub sends no event when a
gate is bypassed or runs out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId, RequestId, RequestKey, RunId, environment_key
from gate.domain.model.policy.policy import Covers, LoadedPolicy
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.errors import GateError, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.handlers import record_run
from gate.reconciler.observe.policy import last_policy_of, was_read
from gate.reconciler.observe.policy_documents import observe_policy
from gate.reconciler.requests.opening import open_gate
from gate.reconciler.worker.asked_runs import UNFINISHED, AskedRuns
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.turns import take_turn
from gate.store.github import runs
from gate.store.requests import requests, waking

_LAG: Final = timedelta(seconds=60)
"""How long GitHub gets to list a run as waiting after it asked us about it."""

_KEPT: Final = timedelta(minutes=15)
"""How long it is remembered which environments our rule gates."""

_POLICY_CALLS: Final = 4
"""Calls that reading a policy takes: two places, each with the name that is nearly right."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LookResult:
    """What a look came to: gates adopted, calls that GitHub counted, and whether runs moved."""

    adopted: int
    calls: int
    has_news: bool


@dataclass(frozen=True, slots=True)
class _Listed:
    """The newest runs of a repository as they were listed last.

    `paths` are the workflow files whose runs were looked for among them.
    """

    etag: str | None
    paths: frozenset[str]
    ids: frozenset[RunId]
    unfinished: tuple[WorkflowRun, ...]


class Adopter:
    """Look at the repositories of one installation, remembering what need not be asked again.

    Used by one thread at a time.
    """

    def __init__(self, deps: Deps) -> None:
        """Begin knowing nothing."""
        self._deps = deps
        self._listed: dict[RepositoryId, _Listed] = {}
        self._rules: dict[tuple[RepositoryId, str], tuple[datetime, bool]] = {}
        self._asked = AskedRuns()
        self._calls = 0

    def look(self, repository: Repository) -> LookResult:
        """Adopt the gates of a repository that no webhook told us of, and record its lost runs.

        Raises RetryLater or Refused when GitHub cannot be asked.
        """
        self._calls, now = 0, self._deps.clock()
        self._asked.forget_old(now)
        paths = self._paths(repository)
        latest = self._deps.github.actions.read_latest_runs(
            repository.address, self._etag(repository.id, paths)
        )
        if latest is not None:
            self._calls += 1
            unfinished = tuple(it for it in latest.runs if it.status in UNFINISHED)
            ids = frozenset(it.run_id for it in latest.runs)
            etag = latest.etag
            if latest.runs and not self._is_policy_read(repository):
                # Which runs count is not known: until it is read, they are listed again.
                etag = latest.etag if self._learn_policy(repository) else None
                paths = self._paths(repository)
            self._record_lost(repository, [it for it in latest.runs if it.path in paths])
            self._listed[repository.id] = _Listed(etag, paths, ids, unfinished)
        adopted = self._compare(repository, self._listed[repository.id], now)
        return LookResult(adopted, self._calls, has_news=latest is not None)

    def _etag(self, repository_id: RepositoryId, paths: frozenset[str]) -> str | None:
        """Return what to ask again with; nothing, where runs of one more workflow may count now."""
        listed = self._listed.get(repository_id)
        return None if listed is None or paths - listed.paths else listed.etag

    def _is_policy_read(self, repository: Repository) -> bool:
        return self._deps.database.read(lambda snapshot: was_read(snapshot, repository))

    def _learn_policy(self, repository: Repository) -> bool:
        """Read the policy of a repository that has runs, where it was never read.

        Otherwise nobody would know that one of the runs is a failed validation. Return whether that
        is settled: False when GitHub may show it at the next look. Where it refuses to, the first
        deployment asks again.
        """
        self._calls += _POLICY_CALLS
        try:
            observe_policy(repository, self._deps, self._deps.clock())
        except GateError as error:
            log.info("fact.unavailable", need="PolicyNeeded", reason=error.reason)
            return not isinstance(error, RetryLater)
        return True

    def _record_lost(self, repository: Repository, seen: Sequence[WorkflowRun]) -> None:
        """Record what no webhook told of runs that may be evidence."""
        lost = self._deps.database.read(
            lambda snapshot: [it for it in seen if _is_news(snapshot, it)]
        )
        if not lost:
            return

        def record(tx: Transaction) -> None:
            take_turn(tx, repository.installation_id)
            for run in lost:
                record_run(tx, repository, run, self._deps)

        self._deps.database.transact(record)
        log.info("runs.found", repository_id=repository.id, count=len(lost))

    def _paths(self, repository: Repository) -> frozenset[str]:
        """Name the workflow files whose runs may be evidence: by the policy, or by what waits."""
        watches, choice = self._deps.database.read(
            lambda snapshot: (
                requests.read_watches(snapshot, repository.id),
                last_policy_of(snapshot, repository, self._deps),
            )
        )
        paths = {path for watch in watches for path in watch.paths}
        if choice is not None and isinstance(choice.reading, LoadedPolicy):
            for environment in choice.reading.policy.environments.values():
                rule = environment.validation
                paths.add(rule.workflow)
                if rule.covers is Covers.INFRASTRUCTURE:
                    paths.add(rule.infrastructure_workflow)
        return frozenset(paths)

    def _compare(self, repository: Repository, listed: _Listed, now: datetime) -> int:
        """Adopt what waits unknown to us, and have looked at what waits no longer."""
        undecided, gated = self._deps.database.read(
            lambda snapshot: (
                requests.undecided_requests(snapshot, repository.id),
                requests.gated_paths(snapshot, repository.id),
            )
        )
        awaited = {it.key.run_id for it in undecided}
        unfinished = list(listed.unfinished)
        if awaited - listed.ids:
            # It has waited for longer than the newest runs reach.
            older = self._deps.github.actions.read_waiting_runs(repository.address)
            self._calls += 1
            unfinished += [it for it in older if it.run_id not in listed.ids]
        waiting = {it.run_id for it in unfinished}
        missed = [it for it in undecided if it.key.run_id not in waiting]
        adopted = 0
        known = self._deps.database.read(
            lambda snapshot: {
                run: requests.known_environments(
                    snapshot, repository.id, run.run_id, run.run_attempt
                )
                for run in unfinished
            }
        )
        for run in self._asked.choose(unfinished, known, gated):
            pending = self._deps.github.actions.read_pending_environments(
                repository.address, run.run_id
            )
            self._calls += 1
            self._asked.note(run, now)
            own = [it for it in undecided if it.key.run_id == run.run_id]
            missed += [it for it in own if it.key.environment not in pending]
            adopted += self._adopt(run, repository, pending, known[run], now)
        self._wake_missed(repository, missed, now)
        return adopted

    def _wake_missed(
        self, repository: Repository, vanished: Sequence[GateRequest], now: datetime
    ) -> None:
        missed = [it.id for it in vanished if now - it.waiting_since >= _LAG]
        if not missed:
            return

        def record(tx: Transaction) -> None:
            take_turn(tx, repository.installation_id)
            waking.record_missed(tx, missed, now)

        self._deps.database.transact(record)

    def _adopt(
        self,
        run: WorkflowRun,
        repository: Repository,
        pending: Mapping[str, str],
        known: frozenset[str],
        now: datetime,
    ) -> int:
        """Open the requests of a run that no webhook told us of."""
        lost = [
            spelled
            for key, spelled in sorted(pending.items())
            if key not in known and self._is_ours(repository, spelled, now)
        ]
        for environment in lost:
            opened = self._deps.database.transact(_adopting(run, repository, environment, now))
            for request_id in opened:
                log.warning("request.adopted", request_id=request_id, run_id=run.run_id)
        return len(lost)

    def _is_ours(self, repository: Repository, environment: str, now: datetime) -> bool:
        """Return whether our rule gates an environment."""
        key = (repository.id, environment)
        known = self._rules.get(key)
        if known is None or now - known[0] >= _KEPT:
            enabled = self._deps.github.deployments.read_rule_enabled(
                repository.address, environment
            )
            self._calls += 1
            known = (now, enabled)
            self._rules[key] = known
        return known[1]


def _is_news(snapshot: Snapshot, seen: WorkflowRun) -> bool:
    """Return whether a run attempt is unknown, or its end is."""
    known = runs.read_run(snapshot, seen.repository_id, seen.run_id, seen.run_attempt)
    return known is None or (seen.is_completed and not known.is_completed)


def _adopting(
    run: WorkflowRun, repository: Repository, environment: str, now: datetime
) -> Callable[[Transaction], tuple[RequestId, ...]]:
    """Open a request as its webhook would have done; the deployment's id stays unknown.

    The environment is spelled as GitHub does, which the answer must repeat.
    """

    def adopt(tx: Transaction) -> tuple[RequestId, ...]:
        take_turn(tx, repository.installation_id)
        runs.record_run(tx, run, now)
        key = RequestKey(repository.id, run.run_id, run.run_attempt, environment_key(environment))
        return open_gate(
            tx,
            key,
            installation_id=repository.installation_id,
            environment=environment,
            head_sha=run.head_sha,
            deployment_id=None,
            now=now,
            adopted=True,
        )

    return adopt
