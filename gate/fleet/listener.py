"""Take jobs of the fleet as soon as there are some, while this node has room for them.

A notification says that there are jobs; how many, and which, the database says. One that is lost
costs nothing but time: jobs are looked for whenever the connection was made, when this node has
room again after it had none, and now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from threading import Event, Thread
from typing import Final, Protocol

from gate.domain.model.hints import Demand, Hint
from gate.errors import RetryLater
from gate.fleet.jobs import CHANNEL, take_jobs
from gate.log import get_logger
from gate.shield import Shield
from gate.store.engine.database import Database
from gate.store.engine.postgresql.notifications import Notifications, Waker, listening

JOBS_AT_ONCE: Final = 4
"""Few enough that other nodes get their part of what waits."""

_PAUSE: Final = timedelta(seconds=1)
"""Between two attempts to reach a database that is away."""

log = get_logger(__name__)


class Following(Protocol):
    """The threads of this process that follow hints."""

    def pass_on(self, hints: Sequence[Hint]) -> None:
        """Follow hints."""
        ...

    def demand(self, on_change: Callable[[], None]) -> Demand:
        """Return which hints are come to soon, and call `on_change` once when that has changed."""
        ...

    def unsubscribe(self) -> None:
        """Forget the subscriber: it is called no more once this returns."""
        ...


class Listener:
    """One thread that listens for jobs and takes them."""

    def __init__(self, database: Database, threads: Following, poll: timedelta) -> None:
        """Prepare; nothing is taken before `start`."""
        self._poll = poll
        self._database = database
        self._threads = threads
        self._stopping = Event()
        self._shield = Shield(self._stopping)
        self._waker = Waker()
        self._thread = Thread(name="fleet-listener", target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more jobs; returns at once."""
        self._stopping.set()
        self._waker.wake()

    def wait(self, longest: timedelta) -> None:
        """Wait for the thread once it was stopped; one that does not end goes on."""
        self._thread.join(longest.total_seconds())
        if not self._thread.is_alive():
            self._threads.unsubscribe()
            self._waker.close()

    @property
    def is_alive(self) -> bool:
        """Check that the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._shield.run(self._listen)
            self._stopping.wait(_PAUSE.total_seconds())

    def _listen(self) -> None:
        """Listen until the connection is cut, or the thread is to end."""
        try:
            with listening(self._database.engine, CHANNEL) as notifications:
                log.info("fleet.listening")
                self._follow(notifications)
        except RetryLater as error:
            log.warning("fleet.disconnected", reason=error.reason, detail=error.detail)

    def _follow(self, notifications: Notifications) -> None:
        while not self._stopping.is_set():
            if self._take(self._threads.demand(self._waker.wake)) < JOBS_AT_ONCE:
                notifications.wait(self._poll, self._waker)

    def _take(self, demand: Demand) -> int:
        """Take jobs once; return how many."""
        jobs = self._database.transact(partial(take_jobs, most=JOBS_AT_ONCE, demand=demand))
        for hints in jobs:
            self._threads.pass_on(hints)
        return len(jobs)
