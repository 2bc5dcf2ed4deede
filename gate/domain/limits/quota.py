"""Share what GitHub shows of an installation's hourly quota."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

_SAME_HOUR: Final = timedelta(minutes=10)
"""Nodes whose clocks differ take the end of an hour for different moments."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls that are left until `resets_at`."""

    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """What an answer of GitHub showed: calls that are left, and in what time there are new ones."""

    left: int
    resets_in: timedelta


def with_seen(known: Quota | None, seen: QuotaSeen, now: datetime) -> Quota:
    """Return what holds after an answer: in one hour, what is left only gets less.

    Answers come out of order, and those of several nodes in any order.
    """
    news = Quota(seen.left, now + seen.resets_in)
    if known is None:
        return news
    if abs(news.resets_at - known.resets_at) <= _SAME_HOUR:
        return replace(known, left=min(known.left, news.left))
    return max(known, news, key=lambda it: it.resets_at)
