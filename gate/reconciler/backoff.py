"""Space out repeated tries."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.domain.model.ids import RequestId
from gate.errors import GateError, Refused, RetryLater

_FIRST: Final = timedelta(seconds=1)
_LONGEST: Final = timedelta(minutes=5)
_REFUSED: Final = timedelta(minutes=1)
_SPREAD_PERCENT: Final = 25


def backoff(
    failures: int, error: GateError | None = None, *, spread: int | RequestId = 0
) -> timedelta:
    """Return the wait before try number `failures` + 1: doubling from one second to five minutes.

    Never less than what GitHub asked for, nor than a minute after a refusal. `spread` (any number
    that differs between the waiting) moves them apart by up to a quarter, so that they do not all
    come back at once; it is deterministic, since the count that feeds it is stored.
    """
    wait: timedelta = min(_LONGEST, _FIRST * (1 << min(failures - 1, 16)))
    if isinstance(error, RetryLater) and error.after is not None:
        wait = max(wait, error.after)
    if isinstance(error, Refused):
        wait = max(wait, _REFUSED)
    return wait * (100 + (spread * 7919 + failures * 31) % (_SPREAD_PERCENT + 1)) / 100
