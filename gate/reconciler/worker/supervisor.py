"""Run the work: threads that take what is due, a watcher that finds lost hints, and the sweeper.

Threads never die of an error: all work runs behind the shield. `step` does the same work without
threads, so that what tests run is what a service runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

from gate.domain.model.hints import Work
from gate.errors import RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.room import Room
from gate.reconciler.worker.due_watcher import POLL, DueWatcher
from gate.reconciler.worker.intake import Intake
from gate.reconciler.worker.local_queues import Queues
from gate.reconciler.worker.loops import Loop, loops_of
from gate.reconciler.worker.sweep import Sweeper
from gate.shield import Shield

NO_HURRY: Final = timedelta(hours=1)
"""Longer than anything takes."""

READERS: Final = 2
"""Threads that read deliveries. It is work for the processor, which more would only share, and they
wait for nothing but the database."""

_AT_ONCE: Final = 64

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How much a worker does at once, and how often it sweeps and looks for lost hints."""

    threads: int
    sweep_every: timedelta
    poll: timedelta = POLL


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one step did: whether anything was due, and which errors nobody expected."""

    worked: bool
    faults: tuple[Exception, ...]


class Supervisor:
    """Own the work of one process: its threads, or `step`, which does the same without any."""

    def __init__(self, deps: Deps, queues: Queues, sweeper: Sweeper, plan: WorkerPlan) -> None:
        """Prepare; nothing runs before `start` or `step`."""
        self._deps = deps
        self._queues = queues
        self._sweeper = sweeper
        self._plan = plan
        self._loops = loops_of(deps)
        self._stopping = Event()
        self._may_sweep = Event()
        self._readers: list[Thread] = []
        self._threads: list[Thread] = []
        self._faults: list[Exception] = []
        self._due_watcher = DueWatcher(deps, queues)
        self._shield = Shield(self._stopping, self._note)
        self._intake = Intake(deps, queues, self._shield)

    def start(self, *, sweeping: bool = True) -> None:
        """Start the threads once; unless `sweeping`, the sweeper waits for `begin_to_sweep`."""
        self._queues.open()
        if sweeping:
            self.begin_to_sweep()
        readers = [("deliveries", self._read_deliveries)] * READERS
        jobs: list[tuple[str, Callable[[], None]]] = []
        jobs += [("requests", self._answer_requests)] * self._plan.threads
        jobs += [("due-watcher", self._watch_due), ("sweep", self._sweep)]
        jobs += [(it.name, partial(self._repeat, it)) for it in self._loops]
        self._readers = [Thread(name=name, target=job, daemon=True) for name, job in readers]
        self._threads = [Thread(name=name, target=job, daemon=True) for name, job in jobs]
        for thread in (*self._readers, *self._threads):
            thread.start()
        log.info("worker.started", threads=self._plan.threads)

    def begin_to_sweep(self) -> None:
        """Let the sweeper begin: what it asks GitHub to deliver again can be taken from now on."""
        self._may_sweep.set()

    def stop(self, within: timedelta = NO_HURRY) -> bool:
        """Take no more hints and finish what is in flight; return whether that was in time.

        Threads that are not finished then go on; they end with the process.
        """
        ends = monotonic() + within.total_seconds()
        self._queues.drain()
        self._stopping.set()
        self._may_sweep.set()
        # The readers first: what they have begun, the others finish.
        self._queues.deliveries.close()
        for thread in self._readers:
            thread.join(max(0.0, ends - monotonic()))
        self._queues.close()
        for thread in self._threads:
            thread.join(max(0.0, ends - monotonic()))
        unfinished = sum(it.is_alive() for it in (*self._readers, *self._threads))
        log.info("worker.stopped", unfinished=unfinished)
        return unfinished == 0

    @property
    def is_alive(self) -> bool:
        """Check that every thread runs; readiness asks."""
        threads = (*self._readers, *self._threads)
        return bool(threads) and all(thread.is_alive() for thread in threads)

    def step(self, *, room: int = 0) -> Stepped:
        """Do once, in this thread, what the threads do: deliveries, requests, then each loop.

        Up to `room` passes begin in the commit that reads their delivery, as they do in a worker
        that has so many idle threads.
        """
        self._faults.clear()
        worked = self.read_now(room=room)
        while (item := self._queues.requests.next_now()) is not None:
            self._intake.answer(item)
            worked = True
        for work in Work:
            worked = self.do(work) or worked
        return Stepped(worked, tuple(self._faults))

    def do(self, work: Work) -> bool:
        """Do what is due of one kind, in this thread; return whether there was anything."""
        worked = False
        for loop in self._loops:
            if loop.work is work:
                worked = self._round(loop) or worked
        return worked

    def read_now(self, *, room: int = 0) -> bool:
        """Read the deliveries that are due, and finish the passes that begin with them.

        Return whether there were any. The first part of `step`: requests that are due for another
        reason are left alone.
        """
        self._shield.run(self._due_watcher.look)
        ids = self._queues.deliveries.take_now(_AT_ONCE)
        if ids:
            self._intake.read(ids, begin=Room.for_all(room))
        while (item := self._queues.requests.next_now(hints=False)) is not None:
            self._intake.answer(item)
        return bool(ids)

    def _read_deliveries(self) -> None:
        while ids := self._queues.deliveries.take(_AT_ONCE):
            self._intake.read(ids, begin=self._queues.requests.room())

    def _answer_requests(self) -> None:
        while (item := self._queues.requests.next()) is not None:
            self._intake.answer(item)

    def _repeat(self, loop: Loop[Any]) -> None:
        """Run a loop's rounds: one for each wake-up of its kind."""
        wake_up, seen = self._queues.wake_ups[loop.work], 0
        while (count := wake_up.wait(seen)) is not None:
            seen = count
            if self._round(loop):
                # There may be more than one round takes.
                self._due_watcher.look_soon()

    def _round(self, loop: Loop[Any]) -> bool:
        """Do what is due of a loop now; an item that fails holds up no other."""
        worked = False

        def run_due() -> None:
            nonlocal worked
            for item in loop.take():
                worked = True
                self._shield.run(partial(loop.run, item), partial(loop.postpone, item))
                if self._stopping.is_set():
                    return

        self._shield.run(run_due)
        return worked

    def _note(self, error: Exception) -> None:
        """Look again soon, since what failed may be due still; remember a fault for `step`."""
        self._due_watcher.look_soon()
        if not self._threads and not isinstance(error, RetryLater):
            self._faults.append(error)

    def _watch_due(self) -> None:
        """Find at the start, and from then on when something becomes due, what no hint told of."""
        self._shield.run(self._due_watcher.look)
        while self._queues.due_timer.wait(self._plan.poll):
            self._shield.run(self._due_watcher.look)

    def _sweep(self) -> None:
        """Sweep once at the start, since webhooks may have been lost while we were away.

        GitHub delivers again at once what it is asked for, so somebody must listen by then.
        """
        self._may_sweep.wait()
        while not self._stopping.is_set():
            started = self._deps.clock()
            self._shield.run(partial(self._sweeper.sweep, self._shield))
            self._stopping.wait(self._pause(started).total_seconds())

    def _pause(self, started: datetime) -> timedelta:
        elapsed = self._deps.clock() - started
        return max(self._plan.sweep_every - elapsed, timedelta(seconds=1))
