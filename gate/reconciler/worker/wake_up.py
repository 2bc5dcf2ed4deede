"""Wake the threads of one kind of work."""

from __future__ import annotations

from threading import Condition


class WakeUp:
    """Wakes every thread that waits for it; a wake-up for which nobody waits is not lost."""

    def __init__(self) -> None:
        """Begin with none."""
        self._changed = Condition()
        self._count = 0
        self._waiters = 0
        self._closed = False

    @property
    def has_waiter(self) -> bool:
        """Return whether a thread waits that would begin at once."""
        return self._waiters > 0

    def wake(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let every waiting thread go, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def wait(self, seen: int) -> int | None:
        """Wait until there were more wake-ups than `seen`; return how many, None once closed."""
        with self._changed:
            self._waiters += 1
            while not self._closed and self._count == seen:
                self._changed.wait()
            self._waiters -= 1
            return None if self._closed else self._count
