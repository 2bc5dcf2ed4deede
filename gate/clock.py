"""Read the time, in the one place that may.

Everything else takes `now` as an argument or a `Clock` from the composition root, so that tests
and replays choose the time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Give the current time as an aware UTC datetime."""
    return datetime.now(UTC)
