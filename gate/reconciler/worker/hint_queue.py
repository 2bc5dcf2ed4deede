"""Queue hints once each, and say when threads would come to more of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Final, Generic, TypeVar

from gate.domain.model.ids import InstallationId

T = TypeVar("T")

LONGEST: Final = 20_000
"""Hints that a queue keeps."""


@dataclass(frozen=True, slots=True)
class QueueDemand:
    """Whether threads would come to more hints soon, and to whose they would not."""

    has_room: bool
    without: frozenset[InstallationId] = frozenset()


@dataclass(frozen=True, slots=True)
class _Subscriber:
    low: int
    demand: QueueDemand
    on_change: Callable[[], None]


class HintQueue(Generic[T]):
    """A bounded queue in which each hint stands at most once; thread-safe."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._lock = Lock()
        self._ready = Condition(self._lock)
        self._waiting: dict[T, None] = {}
        self._closed = False
        self._subscriber: _Subscriber | None = None

    def put(self, hint: T) -> None:
        """Add a hint; one that waits already, or is too many, is dropped."""
        with self._lock:
            if len(self._waiting) < LONGEST:
                self._waiting[hint] = None
                self._wake()

    def close(self) -> None:
        """Let every waiting thread go; what is still queued stays due in the database."""
        with self._lock:
            self._closed = True
            self._ready.notify_all()

    def has_room(self, low: int, on_change: Callable[[], None]) -> bool:
        """Check that fewer than `low` hints wait for a thread; see `demand`."""
        return self.demand(low, on_change).has_room

    def demand(self, low: int, on_change: Callable[[], None]) -> QueueDemand:
        """Return what more would be taken soon, and call `on_change` once when that has changed.

        It is called under the queue's lock, so it must not wait.
        """
        with self._lock:
            demand = self._demand(low)
            self._subscriber = _Subscriber(low, demand, on_change)
            return demand

    def unsubscribe(self) -> None:
        """Forget the subscriber: it is called no more once this returns."""
        with self._lock:
            self._subscriber = None

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
        self._note_taken()
        return taken

    def _demand(self, low: int) -> QueueDemand:
        return QueueDemand(len(self._waiting) < low)

    def _note_taken(self) -> None:
        told = self._subscriber
        if told is not None and self._demand(told.low) != told.demand:
            self._subscriber = None
            told.on_change()
