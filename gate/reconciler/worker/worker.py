"""Run the passes: threads that take hints, a clock that finds what is due, and the sweeper.

Threads never die of an error. The one broad `except` of the service is here: it logs, counts,
backs off and sets aside what keeps failing; it never answers GitHub.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import Final

from gate.domain.model.alert import Channel
from gate.domain.model.ids import DeliveryId, RepositoryId, RequestId
from gate.errors import GateError, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.comments.sending import send_replies
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.alert_sending import send_alerts
from gate.reconciler.incidents.artifacts import list_artifacts
from gate.reconciler.incidents.check import look_after
from gate.reconciler.incidents.issue import keep_issues
from gate.reconciler.ingest.commands import heed_commands
from gate.reconciler.ingest.ingest import Ingested, ingest, ingest_asking
from gate.reconciler.requests.reconcile import Begun, finish_pass, take_up
from gate.reconciler.worker.queues import LocalWakeups
from gate.reconciler.worker.sweep import Sweeper
from gate.store.engine.database import Transaction
from gate.store.inbox import deliveries
from gate.store.incidents import checks as incident_checks
from gate.store.requests import leases, requests

POLL: Final = timedelta(seconds=1)
"""How long a due row waits at most when its hint was lost."""

_BATCH: Final = 500
READERS: Final = 2
"""Threads that read deliveries. It is work for the processor, which more would only share, and they
wait for nothing but the database."""
_AT_ONCE: Final = 64
_QUARANTINE_AFTER: Final = 20
_DATABASE_PAUSE: Final = timedelta(seconds=1)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How much a worker does at once, and how often it sweeps."""

    threads: int
    sweep_every: timedelta


class Worker:
    """Own the threads of one process; start once, stop once."""

    def __init__(
        self, deps: Deps, wakeups: LocalWakeups, sweeper: Sweeper, plan: WorkerPlan
    ) -> None:
        """Prepare; nothing runs before `start`."""
        self._deps = deps
        self._wakeups = wakeups
        self._sweeper = sweeper
        self._plan = plan
        self._stopping = Event()
        self._may_sweep = Event()
        self._readers: list[Thread] = []
        self._threads: list[Thread] = []

    def start(self, *, sweeping: bool = True) -> None:
        """Start the threads; unless `sweeping`, the sweeper waits for `begin_to_sweep`."""
        if sweeping:
            self.begin_to_sweep()
        jobs = [self._answer_requests] * self._plan.threads
        jobs += [self._poll, self._sweep, self._reply, self._look_after_incidents]
        jobs += [self._heed, self._keep_issues, self._list_artifacts]
        self._readers = [_thread(self._read_deliveries) for _ in range(READERS)]
        self._threads = [_thread(job) for job in jobs]
        self._threads += [_thread(partial(self._alert, it)) for it in self._deps.notifiers]
        for thread in (*self._readers, *self._threads):
            thread.start()
        log.info("worker.started", threads=self._plan.threads)

    def begin_to_sweep(self) -> None:
        """Let the sweeper begin: what it asks GitHub to deliver again can be taken from now on."""
        self._may_sweep.set()

    def stop(self) -> None:
        """Take no more hints, finish the passes in flight, and wait for the threads."""
        self._stopping.set()
        self._may_sweep.set()
        # The readers first: what they have begun, the others finish.
        self._wakeups.deliveries.close()
        for thread in self._readers:
            thread.join()
        self._wakeups.requests.close()
        self._wakeups.incidents.close()
        self._wakeups.alerts.close()
        self._wakeups.commands.close()
        self._wakeups.issues.close()
        for thread in self._threads:
            thread.join()
        log.info("worker.stopped")

    @property
    def is_alive(self) -> bool:
        """Say whether every thread runs; readiness asks."""
        threads = (*self._readers, *self._threads)
        return bool(threads) and all(thread.is_alive() for thread in threads)

    def _read_deliveries(self) -> None:
        while ids := self._wakeups.deliveries.take(_AT_ONCE):
            self._ingest(ids)

    def _answer_requests(self) -> None:
        while (item := self._wakeups.requests.next()) is not None:
            if isinstance(item, Begun):
                self._finish(item)
            elif isinstance(item, str):
                self._shielded(
                    partial(self._ingest_asking, item), partial(self._postpone_delivery, item)
                )
            else:
                self._shielded(
                    partial(self._begin, item), partial(self._postpone_request, item, None)
                )

    def _begin(self, request_id: RequestId) -> None:
        """Make a whole pass."""
        begun = take_up(request_id, self._deps)
        if begun is not None:
            self._finish(begun)

    def _finish(self, begun: Begun) -> None:
        """Finish a pass that was begun; should it fail, only its own lease is given back."""

        def finish() -> None:
            if finish_pass(begun, self._deps):
                self._wakeups.wake_request(begun.request_id)

        request_id, token = begun.request_id, begun.lease.token
        self._shielded(finish, partial(self._postpone_request, request_id, token))

    def _ingest(self, ids: Sequence[DeliveryId]) -> None:
        """Read deliveries together; when that fails, each alone, so that one harms no other.

        No pass is begun with them then, so that it fails in a thread of its own.
        """

        def each_alone(_error: Exception) -> None:
            for delivery_id in ids:
                self._shielded(
                    partial(self._ingest_all, [delivery_id], begin=0),
                    partial(self._postpone_delivery, delivery_id),
                )

        begin = self._wakeups.requests.room()
        self._shielded(partial(self._ingest_all, ids, begin=begin), each_alone)

    def _ingest_all(self, ids: Sequence[DeliveryId], *, begin: int) -> None:
        ingested = ingest(ids, self._deps, begin=begin)
        self._go_on(ingested)
        for delivery_id in ingested.unsettled:
            self._wakeups.requests.put(delivery_id)

    def _ingest_asking(self, delivery_id: DeliveryId) -> None:
        self._go_on(ingest_asking(delivery_id, self._deps))

    def _go_on(self, ingested: Ingested) -> None:
        for begun in ingested.begun:
            self._wakeups.requests.finish(begun)
        for request_id in ingested.due:
            self._wakeups.wake_request(request_id)

    def _shielded(self, work: Callable[[], None], postpone: Callable[[Exception], None]) -> None:
        """Do `work`; let no error of it end the thread, and come back to it later."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the one place that outlives every fault
            expected = isinstance(error, RetryLater)
            write = log.warning if expected else log.exception
            write(
                "worker.postponed", reason=error.reason if isinstance(error, GateError) else "bug"
            )
            try:
                postpone(error)
            except Exception:
                log.exception("worker.postponing_failed")
                self._stopping.wait(_DATABASE_PAUSE.total_seconds())

    def _postpone_delivery(self, delivery_id: DeliveryId, error: Exception) -> None:
        """Come back to a delivery later; set it aside when it keeps failing by a fault of ours."""
        database, now = self._deps.database, self._deps.clock()
        stored = database.read(lambda snapshot: deliveries.read_deliveries(snapshot, [delivery_id]))
        if not stored:
            return
        tries = stored[0].attempts + 1
        known = error if isinstance(error, GateError) else None
        reason = known.reason if known is not None else "bug"
        if tries >= _QUARANTINE_AFTER and not isinstance(error, RetryLater):
            database.transact(lambda tx: deliveries.record_quarantined(tx, delivery_id, reason))
            log.error("delivery.quarantined", reason=reason, attempts=tries)
            return
        due_at = now + backoff(tries, known)
        database.transact(
            lambda tx: deliveries.record_postponed(tx, delivery_id, due_at=due_at, reason=reason)
        )

    def _postpone_request(self, request_id: RequestId, token: int | None, error: Exception) -> None:
        """Come back to a request later; a request is never given up because of a fault of ours."""
        known = error if isinstance(error, GateError) else None
        now = self._deps.clock()
        self._deps.database.transact(
            lambda tx: leases.record_failure(
                tx,
                request_id,
                token,
                now,
                lambda failures: now + backoff(failures, known, spread=request_id),
            )
        )

    def _poll(self) -> None:
        """Find due rows whose hint was lost, and rows whose time has come."""
        while not self._stopping.wait(POLL.total_seconds()):
            self._shielded(self._hint_due, lambda _: None)

    def _reply(self) -> None:
        """Answer people's comments; nobody waits for a deployment because of it."""
        while not self._stopping.wait(POLL.total_seconds()):
            self._shielded(partial(send_replies, self._deps), lambda _: None)

    def _look_after_incidents(self) -> None:
        """Look after the incidents of repositories; deployments do not wait for it."""
        while (repository_id := self._wakeups.incidents.next()) is not None:
            look = partial(look_after, repository_id, self._deps)
            self._shielded(look, partial(self._postpone_check, repository_id))

    def _postpone_check(self, repository_id: RepositoryId, error: Exception) -> None:
        """Come back to a repository's incidents later."""
        known = error if isinstance(error, GateError) else None
        now = self._deps.clock()

        def postpone(tx: Transaction) -> None:
            check = incident_checks.take_check(tx, repository_id, now)
            if check is not None:
                failures = check.failures + 1
                due_at = now + backoff(failures, known, spread=repository_id)
                incident_checks.settle_check(tx, check, due_at=due_at, failures=failures)

        self._deps.database.transact(postpone)

    def _alert(self, channel: Channel) -> None:
        """Send what one channel is owed; another that is slow or down is no matter of its."""
        heard = 0
        while (rings := self._wakeups.alerts.wait(heard, POLL)) is not None:
            heard = rings
            self._shielded(partial(send_alerts, channel, self._deps), lambda _: None)

    def _heed(self) -> None:
        """Do what people ask on incidents' issues."""
        heard = 0
        while (rings := self._wakeups.commands.wait(heard, POLL)) is not None:
            heard = rings
            self._shielded(partial(heed_commands, self._deps), lambda _: None)

    def _keep_issues(self) -> None:
        """Keep incidents' issues as they have to be."""
        heard = 0
        while (rings := self._wakeups.issues.wait(heard, POLL)) is not None:
            heard = rings
            self._shielded(partial(keep_issues, self._deps), lambda _: None)

    def _list_artifacts(self) -> None:
        """List what failed runs have uploaded."""
        heard = 0
        while (rings := self._wakeups.issues.wait(heard, POLL)) is not None:
            heard = rings
            self._shielded(partial(list_artifacts, self._deps), lambda _: None)

    def _hint_due(self) -> None:
        now = self._deps.clock()
        due, waiting, checks = self._deps.database.read(
            lambda snapshot: (
                requests.due_requests(snapshot, now, _BATCH),
                deliveries.due_deliveries(snapshot, now, _BATCH),
                incident_checks.due_checks(snapshot, now, _BATCH),
            )
        )
        for repository_id in checks:
            self._wakeups.wake_incidents(repository_id)
        for request_id in due:
            self._wakeups.wake_request(request_id)
        for delivery_id in waiting:
            self._wakeups.wake_delivery(delivery_id)

    def _sweep(self) -> None:
        """Sweep once at the start, since webhooks may have been lost while we were away.

        GitHub delivers again at once what it is asked for, so somebody must listen by then.
        """
        self._may_sweep.wait()
        while not self._stopping.is_set():
            started = self._deps.clock()
            self._shielded(self._sweeper.sweep, lambda _: None)
            self._stopping.wait(self._pause(started).total_seconds())

    def _pause(self, started: datetime) -> timedelta:
        elapsed = self._deps.clock() - started
        return max(self._plan.sweep_every - elapsed, timedelta(seconds=1))


def _thread(job: Callable[[], None]) -> Thread:
    name = job.func.__name__ if isinstance(job, partial) else job.__name__
    return Thread(target=job, name=name.strip("_"))
