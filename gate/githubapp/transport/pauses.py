"""Read from an answer's headers how long GitHub wants to be left alone, and what quota is left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from gate.domain.limits.quota import QuotaSeen

LONGEST_PAUSE: Final = timedelta(hours=1)
"""The quota is renewed every hour, so anything longer is a mistake of somebody's clock."""

_UNTOLD_PAUSE: Final = timedelta(seconds=60)
_SHORT_PAUSE: Final = timedelta(seconds=1)
_MOST_DIGITS: Final = 15


def pause_of(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return how long to stay away after a limit; a minute where GitHub does not say."""
    seconds = number_of(headers.get("retry-after"))
    if seconds is not None:
        return _bounded(timedelta(seconds=min(seconds, LONGEST_PAUSE.total_seconds())))
    if number_of(headers.get("x-ratelimit-remaining")) == 0:
        reset = _reset(headers)
        if reset is not None:
            return _bounded(reset - now)
    return _UNTOLD_PAUSE


def quota_of(headers: Mapping[str, str], now: datetime) -> QuotaSeen | None:
    """Return what is left of the hour; None where GitHub does not say."""
    left, reset = number_of(headers.get("x-ratelimit-remaining")), _reset(headers)
    if left is None or reset is None:
        return None
    return QuotaSeen(left, min(max(reset - now, timedelta(0)), LONGEST_PAUSE))


def number_of(text: str | None) -> int | None:
    """Read a count from a header; None for anything that is not a plain number."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text)


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, _SHORT_PAUSE), LONGEST_PAUSE)


def _reset(headers: Mapping[str, str]) -> datetime | None:
    seconds = number_of(headers.get("x-ratelimit-reset"))
    return None if seconds is None else datetime.fromtimestamp(min(seconds, 2**33), UTC)
