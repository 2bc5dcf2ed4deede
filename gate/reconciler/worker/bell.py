"""Wake the threads of one kind of work."""

from __future__ import annotations

from threading import Condition


class Bell:
    """Wakes every thread that waits for it; a ring that nobody hears is not lost."""

    def __init__(self) -> None:
        """Begin silent."""
        self._rung = Condition()
        self._rings = 0
        self._listeners = 0
        self._closed = False

    @property
    def is_heard(self) -> bool:
        """Return whether a thread waits that would begin at once."""
        return self._listeners > 0

    def ring(self) -> None:
        """Wake whoever waits."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def close(self) -> None:
        """Let every waiting thread go, for good."""
        with self._rung:
            self._closed = True
            self._rung.notify_all()

    def wait(self, heard: int) -> int | None:
        """Wait for a ring after `heard`; return the rings, None once closed."""
        with self._rung:
            self._listeners += 1
            while not self._closed and self._rings == heard:
                self._rung.wait()
            self._listeners -= 1
            return None if self._closed else self._rings
