"""Carry hints between threads of one process, and passes that were begun in one of them.

The queues only save waiting: every hint stands for a row that is due, and the worker polls those.
So they may drop hints when they are full, and forget all of them when the process ends. A pass that
was begun is no hint: it is never dropped.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import timedelta
from threading import Condition, Lock
from time import monotonic
from typing import Final, Generic, TypeVar

from gate.domain.model.ids import DeliveryId, RepositoryId, RequestId
from gate.reconciler.requests.reconcile import Begun

T = TypeVar("T")

TURN: Final = timedelta(milliseconds=10)
"""How far apart the turns are in which a busy gate reads its deliveries."""

_LONGEST: Final = 20_000


class HintQueue(Generic[T]):
    """A bounded queue in which each hint stands at most once; thread-safe."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._lock = Lock()
        self._ready = Condition(self._lock)
        self._waiting: dict[T, None] = {}
        self._closed = False

    def put(self, hint: T) -> None:
        """Add a hint; one that waits already, or is too many, is dropped."""
        with self._lock:
            if len(self._waiting) < _LONGEST:
                self._waiting[hint] = None
                self._wake()

    def close(self) -> None:
        """Let every waiting thread go; what is still queued stays due in the database."""
        with self._lock:
            self._closed = True
            self._ready.notify_all()

    def __len__(self) -> int:
        """Count the hints that wait."""
        with self._lock:
            return len(self._waiting)

    def _wake(self) -> None:
        self._ready.notify()

    def _oldest(self, most: int) -> list[T]:
        taken = [hint for hint, _ in zip(self._waiting, range(most), strict=False)]
        for hint in taken:
            del self._waiting[hint]
        return taken


class DeliveryQueue(HintQueue[DeliveryId]):
    """Hints that deliveries wait to be read: many at once, since they share a transaction."""

    def __init__(self) -> None:
        """Begin empty and open."""
        super().__init__()
        self._full = Condition(self._lock)
        self._lingering = 0
        self._last = -math.inf

    def take(self, most: int) -> list[DeliveryId]:
        """Wait for hints and take the oldest of them; none once the queue is closed.

        When the last turn began less than `TURN` ago and fewer than `most` wait, more are waited
        for until then. So an idle gate reads at once, and a busy one reads many together.
        """
        with self._lock:
            while not self._closed:
                left = self._last + TURN.total_seconds() - monotonic()
                if not self._waiting or self._lingering:
                    self._ready.wait()
                elif left > 0 and len(self._waiting) < most:
                    self._linger(left, most)
                else:
                    self._last = monotonic()
                    taken = self._oldest(most)
                    if self._waiting:
                        self._ready.notify()
                    return taken
            return []

    def close(self) -> None:
        """Let every waiting thread go; what is still queued stays due in the database."""
        super().close()
        with self._lock:
            self._full.notify_all()

    def _linger(self, seconds: float, most: int) -> None:
        """Wait for more; only one thread does, and none is woken for each hint meanwhile."""
        self._lingering = most
        try:
            self._full.wait(seconds)
        finally:
            self._lingering = 0

    def _wake(self) -> None:
        if not self._lingering:
            self._ready.notify()
        elif len(self._waiting) >= self._lingering:
            self._full.notify()


class RequestQueue(HintQueue[RequestId | DeliveryId]):
    """What needs a thread that may wait for GitHub.

    Hints that a request is due, or that GitHub must be asked about a delivery, and passes that were
    begun and want to be finished.
    """

    def __init__(self) -> None:
        """Begin empty and open."""
        super().__init__()
        self._begun: deque[Begun] = deque()
        self._idle = 0

    def finish(self, begun: Begun) -> None:
        """Pass on a pass that was begun; it goes before all hints, and is taken after closing, too.

        Whoever hands it in makes sure that threads still take.
        """
        with self._lock:
            self._begun.append(begun)
            self._ready.notify()

    def room(self) -> int:
        """Say for how many passes a thread is free now; those that are begun hold their lease."""
        with self._lock:
            return max(0, self._idle - len(self._begun) - len(self._waiting))

    def next(self) -> Begun | RequestId | DeliveryId | None:
        """Wait for a pass to finish or a hint to follow; None once the queue is closed."""
        with self._lock:
            self._idle += 1
            while not (self._begun or self._waiting or self._closed):
                self._ready.wait()
            self._idle -= 1
            if self._begun:
                return self._begun.popleft()
            return None if self._closed else self._oldest(1)[0]


class IncidentQueue(HintQueue[RepositoryId]):
    """Hints that the incidents of a repository are due for a look, at once or in a while."""

    def __init__(self) -> None:
        """Begin empty and open."""
        super().__init__()
        self._later: dict[RepositoryId, float] = {}

    def put_later(self, hint: RepositoryId, after: timedelta) -> None:
        """Add a hint that is not given out before `after`; of two of them the sooner stands."""
        due = monotonic() + after.total_seconds()
        with self._lock:
            if len(self._later) < _LONGEST:
                self._later[hint] = min(due, self._later.get(hint, due))
                self._ready.notify()

    def next(self) -> RepositoryId | None:
        """Wait for a hint; None once the queue is closed."""
        with self._lock:
            while True:
                self._collect_due()
                if self._closed:
                    return None
                if self._waiting:
                    return self._oldest(1)[0]
                soonest = min(self._later.values(), default=None)
                self._ready.wait(None if soonest is None else max(0, soonest - monotonic()))

    def _collect_due(self) -> None:
        """Let those wait no longer whose time has come."""
        now = monotonic()
        for hint in [hint for hint, due in self._later.items() if due <= now]:
            del self._later[hint]
            self._waiting[hint] = None


class Bell:
    """Wakes every thread that waits for it; a ring that nobody hears is not lost."""

    def __init__(self) -> None:
        """Begin silent."""
        self._rung = Condition()
        self._rings = 0
        self._closed = False

    def ring(self) -> None:
        """Wake whoever waits, and whoever will have heard of fewer rings."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def close(self) -> None:
        """Let every waiting thread go, for good."""
        with self._rung:
            self._closed = True
            self._rung.notify_all()

    def wait(self, heard: int, pause: timedelta) -> int | None:
        """Wait for a ring after `heard`, or for the pause; give the rings, None once closed."""
        with self._rung:
            if not self._closed and self._rings == heard:
                self._rung.wait(pause.total_seconds())
            return None if self._closed else self._rings


class LocalWakeups:
    """The wake-up port inside one process."""

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.deliveries: Final = DeliveryQueue()
        self.requests: Final = RequestQueue()
        self.incidents: Final = IncidentQueue()
        self.alerts: Final = Bell()
        self.commands: Final = Bell()
        self.issues: Final = Bell()

    def wake_delivery(self, delivery_id: DeliveryId) -> None:
        """Hint that a stored delivery waits to be read."""
        self.deliveries.put(delivery_id)

    def wake_request(self, request_id: RequestId) -> None:
        """Hint that a request is due for a look."""
        self.requests.put(request_id)

    def wake_incidents(self, repository_id: RepositoryId, after: timedelta = timedelta(0)) -> None:
        """Hint that the incidents of a repository are due for a look, now or in a while."""
        if after > timedelta(0):
            self.incidents.put_later(repository_id, after)
        else:
            self.incidents.put(repository_id)

    def wake_issues(self) -> None:
        """Hint that an incident's issue is due, or the artifacts of its run."""
        self.issues.ring()

    def wake_commands(self) -> None:
        """Wake the thread that does what people ask."""
        self.commands.ring()

    def wake_alerts(self) -> None:
        """Hint that channels are owed something."""
        self.alerts.ring()
