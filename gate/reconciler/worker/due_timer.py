"""Wake one thread when the next row becomes due, so that nobody need look at intervals."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Condition
from time import monotonic

from gate.clock import Clock


class DueTimer:
    """Goes off at the earliest of the instants it was set to; thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Begin without an instant."""
        self._clock = clock
        self._changed = Condition()
        self._at: datetime | None = None
        self._closed = False

    @property
    def at(self) -> datetime | None:
        """Return the instant at which it goes off next."""
        return self._at

    def set(self, at: datetime) -> None:
        """Go off at `at`, if not before."""
        with self._changed:
            if self._at is None or at < self._at:
                self._at = at
                self._changed.notify_all()

    def wait(self, longest: timedelta) -> bool:
        """Wait until it goes off, or for `longest`; forget the instant. False once closed."""
        ends = monotonic() + longest.total_seconds()
        with self._changed:
            while not self._closed:
                left = ends - monotonic()
                if self._at is not None:
                    left = min(left, (self._at - self._clock()).total_seconds())
                if left <= 0:
                    self._at = None
                    return True
                self._changed.wait(left)
            return False

    def close(self) -> None:
        """Let whoever waits go, for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
