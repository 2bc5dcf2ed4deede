"""Write durations as people compare them at a glance."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Final

_SECOND: Final = timedelta(seconds=1)
_DAYS_FROM: Final = 48 * 60
"""Minutes from which a time is given in days: 24 h is a limit that people know."""


def remaining(length: timedelta) -> str:
    """Return how long something still lasts, rounded up: a hold of 24 h begins with 24 h."""
    minutes = max(0, ceil(length / timedelta(minutes=1)))
    if minutes >= _DAYS_FROM:
        return span(timedelta(hours=ceil(minutes / 60)))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def age(elapsed: timedelta) -> str:
    """Return how long ago something was, in the one or two largest units."""
    return f"{span(elapsed)} ago"


def span(length: timedelta) -> str:
    """Return how long something is, in whole units that a person compares at a glance."""
    if timedelta() < length < _SECOND:
        return "less than 1 s"
    seconds = max(0, int(length.total_seconds()))
    for least, size, unit, smaller, smaller_unit in (
        (60 * _DAYS_FROM, 86_400, "d", 3_600, "h"),
        (3_600, 3_600, "h", 60, "min"),
        (60, 60, "min", 1, "s"),
    ):
        if seconds >= least:
            rest = seconds % size // smaller
            return (
                f"{seconds // size} {unit} {rest} {smaller_unit}"
                if rest
                else f"{seconds // size} {unit}"
            )
    return f"{seconds} s"
