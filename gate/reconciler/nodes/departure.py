"""Leave the fleet in good order: take nothing new, finish, release what is not finished.

Whatever goes wrong here costs time only: leases end by themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final, Protocol

from gate.errors import GateError
from gate.log import get_logger
from gate.reconciler.deadlines import SEEN_AFTER
from gate.reconciler.deps import Deps
from gate.reconciler.nodes.heartbeat import Heartbeat
from gate.shield import Shield
from gate.store.nodes.release import release_leases

SIGN_OFF: Final = timedelta(seconds=3)
"""How long the last commits may take; a database that is out of reach is not waited for."""

log = get_logger(__name__)


class Stoppable(Protocol):
    """The worker of a process."""

    def stop(self, within: timedelta) -> bool:
        """Take nothing new, finish what was begun; return whether all of it was in time."""
        ...


def release_all(deps: Deps) -> int:
    """Release every lease of this node, begin no more writes, and return how many there were."""
    # First, so that nothing is begun that the release does not see.
    deps.has_released.set()
    now = deps.clock()
    return release_leases(deps.database, deps.node, now, now + SEEN_AFTER)


class Departure:
    """The end of one process, from the signal to the last commit."""

    def __init__(
        self,
        worker: Stoppable,
        heartbeat: Heartbeat,
        release: Callable[[], int],
        grace: timedelta,
        *,
        sign_off_within: timedelta = SIGN_OFF,
    ) -> None:
        """Prepare.

        `release` gives back every lease and returns how many there were. `grace` is how long work
        that was begun may still take after `begin`, and `sign_off_within` how long the database
        may take after that.
        """
        self._worker = worker
        self._heartbeat = heartbeat
        self._release_all = release
        self._grace = grace
        self._sign_off_within = sign_off_within
        self._lock = Lock()
        self._ends: float | None = None
        self._stopping: Thread | None = None
        self._is_finished = False

    def begin(self) -> None:
        """Take nothing new from now on, and begin to finish; returns at once, and may be repeated.

        What others hand in, such as webhooks, is still stored.
        """
        with self._lock:
            if self._ends is not None:
                return
            self._ends = monotonic() + self._grace.total_seconds()
            self._heartbeat.drain()
            self._stopping = Thread(name="departure", target=self._stop, daemon=True)
            self._stopping.start()
        log.info("node.draining")

    @property
    def has_begun(self) -> bool:
        """Return whether the node takes nothing new any more."""
        return self._ends is not None

    def check(self) -> None:
        """Raise GateError once the node drains: readiness asks, so that nobody sends it more."""
        if self.has_begun:
            raise GateError("draining", "the process stops")

    def finish(self) -> None:
        """Wait for what was begun until the grace is over, release the rest, and deregister."""
        self.begin()
        if self._stopping is not None:
            # It may wait for a database that is out of reach, whatever it was told.
            self._stopping.join(self._left() + self._sign_off_within.total_seconds())
        last = Thread(name="sign-off", target=self._sign_off, daemon=True)
        last.start()
        last.join(self._sign_off_within.total_seconds())

    def _sign_off(self) -> None:
        if not self._is_finished:
            Shield(Event()).run(self._release)
        self._heartbeat.stop()

    def _stop(self) -> None:
        self._is_finished = self._worker.stop(timedelta(seconds=self._left()))

    def _left(self) -> float:
        """Return how many seconds of the grace are left."""
        return max(0.0, (self._ends or 0.0) - monotonic())

    def _release(self) -> None:
        log.warning("node.released", leases=self._release_all())
