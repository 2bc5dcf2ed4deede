"""Carry hints between threads of one process, and passes that were begun in one of them.

The queues only save waiting: every hint stands for a row that is due, and those are looked for.
So they may drop hints when they are full, and forget all of them when the process ends. A pass that
was begun is no hint: it is never dropped.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from datetime import timedelta
from threading import Condition, local
from time import monotonic
from typing import Final

from gate.domain.model.ids import DeliveryId, InstallationId, RequestId
from gate.reconciler.ingest.room import Room
from gate.reconciler.requests.reconcile import Begun
from gate.reconciler.worker.hint_queue import LONGEST, HintQueue, QueueDemand
from gate.store.engine.due import Taken

TURN: Final = timedelta(milliseconds=10)
"""How far apart the turns are in which a busy gate reads its deliveries."""

_FEW: Final = 100
"""Hints of an installation that are kept in any case, however many others wait."""

MOST_OF_ONE: Final = 12
"""Threads, of 16, that the requests of one installation may hold while they wait for GitHub."""


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

    def left(self) -> list[DeliveryId]:
        """Return the hints that wait, and leave them."""
        with self._lock:
            return list(self._waiting)

    def take_now(self, most: int) -> list[DeliveryId]:
        """Take the oldest hints without waiting for any."""
        with self._lock:
            return self._oldest(most)

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


class RequestQueue(HintQueue[RequestId | Taken]):
    """What needs a thread that may wait for GitHub.

    Hints that a request is due, deliveries about which GitHub must be asked, and passes that were
    begun and want to be finished. Installations take turns, and none holds all threads: so whoever
    has a single request does not wait for those of another that has thousands.
    """

    def __init__(self) -> None:
        """Begin empty and open."""
        super().__init__()
        self._begun: deque[Begun] = deque()
        self._turns: dict[InstallationId | None, dict[RequestId | Taken, None]] = {}
        self._running: Counter[InstallationId | None] = Counter()
        self._mine = local()
        self._idle = 0

    def put(self, hint: RequestId | Taken, of: InstallationId | None = None) -> None:
        """Add a hint of an installation; one that waits already, or is too many, is dropped."""
        with self._lock:
            turn = self._turns.get(of, {})
            has_room = len(self._waiting) < LONGEST or len(turn) < _FEW
            if hint not in self._waiting and has_room:
                self._waiting[hint] = None
                turn[hint] = None
                self._turns[of] = turn
                self._wake()

    def finish(self, begun: Begun) -> None:
        """Pass on a pass that was begun; it goes before all hints, and is taken after closing, too.

        One whose installation holds its part of the threads waits until one of them is done.

        Whoever hands it in makes sure that threads still take.
        """
        with self._lock:
            self._begun.append(begun)
            self._ready.notify()

    def count_of(self, of: InstallationId | None) -> int:
        """Count the hints of an installation that wait."""
        with self._lock:
            return len(self._turns.get(of, ()))

    def left(self) -> list[tuple[RequestId, InstallationId | None]]:
        """Return the hints of requests that wait, with their installations, and leave them."""
        with self._lock:
            turns = self._turns.items()
            return [(it, of) for of, turn in turns for it in turn if not isinstance(it, Taken)]

    def room(self) -> Room:
        """Return for how many passes threads are free now, and how many of each may begin.

        Begun passes hold their lease already, so each counts as one that is under way. What must
        wait for others of its installation takes no thread from anybody.
        """
        with self._lock:
            held = self._running + Counter(it.lease.installation_id for it in self._begun)
            return Room(max(0, self._idle - self._wanted()), MOST_OF_ONE, held)

    def next(self) -> Begun | RequestId | Taken | None:
        """Wait for a pass to finish or a hint to follow; None once the queue is closed."""
        with self._lock:
            self._end_mine()
            self._idle += 1
            while not (self._closed or self._next_begun() or self._next_turn()):
                self._note_taken()
                self._ready.wait()
            self._idle -= 1
            begun = self._next_begun()
            if begun is not None:
                self._begun.remove(begun)
                self._begin_mine(begun.lease.installation_id)
                self._note_taken()
                return begun
            return None if self._closed else self._take_turn()

    def next_now(self, *, hints: bool = True) -> Begun | RequestId | Taken | None:
        """Take what is to be done next, without hints of requests if not wanted; None for none."""
        with self._lock:
            if self._begun:
                return self._begun.popleft()
            if hints and self._waiting:
                turn = next(iter(self._turns))
                return self._pop(turn, next(iter(self._turns[turn])))
            for of, turn_of in self._turns.items():
                for item in turn_of:
                    if isinstance(item, Taken):
                        return self._pop(of, item)
            return None

    def _has_part(self, of: InstallationId | None) -> bool:
        """Check that an installation holds fewer threads than it may."""
        return self._running[of] < MOST_OF_ONE

    def _next_begun(self) -> Begun | None:
        """Return the pass to finish next; once closed any will do, since no hint follows."""
        free = (
            it for it in self._begun if self._closed or self._has_part(it.lease.installation_id)
        )
        return next(free, None)

    def _next_turn(self) -> tuple[InstallationId | None] | None:
        """Return whose turn it is, of those that do not hold too many threads; None for nobody."""
        return next(((of,) for of in self._turns if self._has_part(of)), None)

    def _demand(self, low: int) -> QueueDemand:
        """Leave out those who hold their part: what waits of them is in nobody's way."""
        part = [(of, len(turn)) for of, turn in self._turns.items() if not self._has_part(of)]
        competing = len(self._waiting) - sum(count for _, count in part)
        without = frozenset(of for of, count in part if of is not None and count >= low)
        return QueueDemand(competing < low, without)

    def _wanted(self) -> int:
        """Count the idle threads that are about to take something: at most all."""
        waiting = Counter(it.lease.installation_id for it in self._begun)
        wanted = 0
        for of in waiting.keys() | self._turns.keys():
            waits = waiting[of] + len(self._turns.get(of, ()))
            wanted += min(waits, MOST_OF_ONE - self._running[of])
            if wanted >= self._idle:
                break
        return wanted

    def _take_turn(self) -> RequestId | Taken | None:
        turn = self._next_turn()
        if turn is None:
            return None
        (of,) = turn
        self._begin_mine(of)
        return self._pop(of, next(iter(self._turns[of])))

    def _pop(self, of: InstallationId | None, item: RequestId | Taken) -> RequestId | Taken:
        """Take an item, and put its installation behind all others."""
        turn = self._turns.pop(of)
        del turn[item], self._waiting[item]
        if turn:
            self._turns[of] = turn
        self._note_taken()
        return item

    def _begin_mine(self, of: InstallationId | None) -> None:
        self._running[of] += 1
        self._mine.of = (of,)

    def _end_mine(self) -> None:
        """Note that this thread is done with what it took before: it asks for the next."""
        mine: tuple[InstallationId | None] | None = getattr(self._mine, "of", None)
        if mine is not None:
            self._mine.of = None
            self._running[mine[0]] -= 1
            if self._waiting or self._begun:
                self._ready.notify()
