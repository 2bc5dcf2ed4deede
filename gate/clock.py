"""Read the time, in the one place that may.

Everything else takes `now` as an argument or a `Clock` from the composition root, so that tests
and replays choose the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

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
