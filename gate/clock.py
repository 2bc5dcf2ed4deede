"""Read the time, in the one place that may.

Everything else takes `now` as an argument or a `Clock` from the composition root, so that tests
and replays choose the time. On PostgreSQL that is a `SharedClock`, which shows the same time on
every node (docs/adr/0024).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

Uptime = Callable[[], float]
"""Seconds that nothing turns back, and that go on while the machine sleeps."""


def utc_now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def uptime() -> float:
    """Return the seconds since the machine was started, those included in which it was suspended.

    Where there is no such clock, the plain monotonic one stands still while the machine sleeps.
    """
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by a clock and by uptime.

    Of what has passed since, each may show too little: a clock can be set back, and a hypervisor
    can pause a machine without `uptime` going on.
    """

    at: datetime
    uptime: float

    def is_over(self, span: timedelta, clock: Clock, uptime: Uptime) -> bool:
        """Return whether more than a span has passed since, by one of the two at least."""
        return uptime() - self.uptime > span.total_seconds() or clock() - self.at > span


WIDEST: Final = 1.0
"""Seconds by which a reading may be wrong and still count: an answer that took longer than twice
that, because the process was stopped or the network was down, tells too little."""

DRIFT: Final = 1e-4
"""Seconds a second by which uptime and another clock may run apart; crystals stay within half."""

JUMP: Final = 1.0
"""Seconds by which a clock that is only adjusted does not move between two readings."""

_FIRST_TRIES: Final = 3
_ROUNDING: Final = 2e-6
"""Seconds: times are kept in whole microseconds."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What another clock showed when our uptime was `uptime`, give or take `error`, in seconds."""

    at: datetime
    uptime: float
    error: float

    def at_uptime(self, seconds: float) -> datetime:
        """Return what that clock shows at another moment of ours."""
        return self.at + timedelta(seconds=seconds - self.uptime)


def read_other_clock(read: Clock, uptime: Uptime) -> Reading:
    """Ask another clock.

    It showed its answer at some moment between question and answer; the middle is wrong by half of
    the time between them at most, however that time is divided into the two ways.
    """
    asked = uptime()
    at = read()
    half = (uptime() - asked) / 2
    return Reading(at, asked + half, half * (1 + 2 * DRIFT) + _ROUNDING)


class SharedClock:
    """Show the time of another clock, which all nodes read, from any thread.

    Between two readings it counts on by `uptime`, so this machine's own clock may be wrong, and may
    be set, without any effect on the time shown. `measure` must be called regularly.
    """

    def __init__(self, read: Callable[[], Reading], uptime: Uptime, own: Clock) -> None:
        """Read the other clock for the first time; raises whatever `read` does.

        `own` is this machine's clock.
        """
        self._read = read
        self._uptime = uptime
        self._own = own
        self._own_ahead = self._own_against_uptime()
        self._kept = read()
        for _ in range(_FIRST_TRIES - 1):
            if self._kept.error <= WIDEST:
                break
            self._kept = min(self._kept, read(), key=lambda it: it.error)

    def __call__(self) -> datetime:
        """Return the present time by the other clock."""
        return self._kept.at_uptime(self._uptime())

    @property
    def error(self) -> float:
        """Return by how many seconds the time shown may be wrong at most."""
        return self._error_at(self._uptime())

    def has_jumped(self) -> bool:
        """Return whether this machine's own clock was set since the last reading.

        A hypervisor that pauses a machine may hide that from `uptime`; its clock is set when it
        goes on. Until the next reading the time shown may then be too early.
        """
        return abs(self._own_against_uptime() - self._own_ahead) > JUMP

    def measure(self) -> timedelta:
        """Read the other clock again; return how far it was set meanwhile, mostly zero.

        Of readings that agree the sharper one is kept, so that the time shown does not jitter. One
        that contradicts what is known means that the other clock was set, and is believed.
        """
        own_ahead = self._own_against_uptime()
        new = self._read()
        if new.error > WIDEST:
            return timedelta(0)
        moved = new.at - self._kept.at_uptime(new.uptime)
        known_within = self._error_at(new.uptime)
        was_set = abs(moved.total_seconds()) > new.error + known_within
        if was_set or new.error <= known_within:
            self._kept = new
        # Last: whoever no longer sees a jump must see the time after it.
        self._own_ahead = own_ahead
        return moved if was_set else timedelta(0)

    def _own_against_uptime(self) -> float:
        return self._own().timestamp() - self._uptime()

    def _error_at(self, uptime: float) -> float:
        return self._kept.error + abs(uptime - self._kept.uptime) * DRIFT
