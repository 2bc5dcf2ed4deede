"""Choose how many tokens a node asks for, by what it spent of the slice before."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.domain.limits.account import Kind, Limits
from gate.domain.limits.bucket import Rate

POINTS_PER_MINUTE: Final = 900
"""GitHub's limit: a call that reads takes one point, one that writes takes five."""

LEAST_CALLS: Final = 16
"""Calls at once that a node asks for at first."""

_CONTENT_PER_MINUTE: Final = 80
_CONTENT_PER_HOUR: Final = 500
_CALLS_AT_ONCE: Final = 50
"""Half of what GitHub allows, since other Apps' calls for the same owner count too."""
_SMALLEST: Final = 20
"""The smallest slice is this part of the limit, but no more than `_FIRST`."""
_FIRST: Final = 50
"""Tokens of a first slice, however high the limit is: others share the hourly quota."""


def limits_of(points_per_minute: int = POINTS_PER_MINUTE) -> Limits:
    """Return GitHub's limits, all raised or lowered as much as the points of a minute are."""
    part = points_per_minute / POINTS_PER_MINUTE
    minute = timedelta(minutes=1)
    content = max(1, round(_CONTENT_PER_MINUTE * part))
    content_hourly = max(1, round(_CONTENT_PER_HOUR * part))
    rates = {
        Kind.POINTS: Rate(points_per_minute, minute),
        Kind.CONTENT: Rate(content, minute),
        Kind.CONTENT_HOURLY: Rate(content_hourly, timedelta(hours=1)),
    }
    return Limits(rates, _CALLS_AT_ONCE)


def next_size(rate: Rate, tokens: int, spent: int) -> int:
    """Return how large the next slice should be after one of `tokens` (0: none yet) is over.

    Twice as large when nine tenths were spent, since the rest may be too little for a write;
    otherwise twice what was spent of it.
    """
    least = max(1, min(_FIRST, rate.tokens // _SMALLEST))
    return max(least, 2 * (tokens if 10 * spent >= 9 * tokens else spent))
