"""Choose which repositories to look at for what no webhook told, within a share of the quota.

Pure. A look lists a repository's newest runs. One that finds nothing new is answered with 304,
which GitHub does not count; so only repositories in which something happens use up the share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, zip_longest
from math import ceil
from typing import Final

from gate.domain.model.deliveries import Repository

ROUND: Final = timedelta(minutes=1)
"""How often looks are chosen."""

ACTIVE_EVERY: Final = ROUND - timedelta(seconds=15)
"""How long a repository is left alone in which something waits or happens; less than a round."""

OTHERS_EVERY: Final = 2 * ROUND - timedelta(seconds=15)
"""How long any other repository is left alone; less than two rounds."""

ACTIVE_FOR: Final = timedelta(hours=1)
"""How long a repository counts as active after something happened in it."""

MOST_LOOKS: Final = 60
"""Looks at an installation's repositories in a round."""

_FOR_OTHERS: Final = MOST_LOOKS // 2
"""Looks of a round that go to whoever has waited longest, however much happens elsewhere."""

DEFAULT_QUOTA: Final = 5_000
"""Calls an hour that GitHub grants an installation unless it says otherwise."""

_SHARE: Final = 10
_HOUR: Final = timedelta(hours=1)
_SAVED_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A repository that may be looked at.

    `looked_at` is when that was done or tried last, `active_at` when something was last seen to
    happen; `is_awaited` says that deployments wait there.
    """

    repository: Repository
    is_awaited: bool
    looked_at: datetime | None
    active_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        """Return whether something waits or has happened lately."""
        return self.is_awaited or (self.active_at is not None and now - self.active_at < ACTIVE_FOR)

    def is_due(self, now: datetime) -> bool:
        """Return whether the repository was left alone for long enough."""
        every = ACTIVE_EVERY if self.is_active(now) else OTHERS_EVERY
        return self.looked_at is None or now - self.looked_at >= every


def choose_looks(candidates: Sequence[Candidate], now: datetime) -> list[Candidate]:
    """Choose the looks of one round at the repositories of one installation, the best first.

    By turns, one where deployments wait or something happened last, and one that has waited longest
    for a look. So each gets its turn, also when the calls do not last for all.
    """
    due = [it for it in candidates if it.is_due(now)]
    active = sorted((it for it in due if it.is_active(now)), key=_by_activity)
    first = active[: MOST_LOOKS - _FOR_OTHERS]
    chosen = {it.repository.id for it in first}
    rest = sorted((it for it in due if it.repository.id not in chosen), key=_by_patience)
    # By turns: the calls may be used up before all have been looked at.
    turns = chain.from_iterable(zip_longest(first, rest))
    return [it for it in turns if it is not None][:MOST_LOOKS]


def longest_wait(repositories: int) -> timedelta:
    """Return within what time each of so many repositories of one installation is looked at."""
    if repositories <= MOST_LOOKS:
        return 2 * ROUND
    return max(2, ceil(repositories / _FOR_OTHERS)) * ROUND


@dataclass(frozen=True, slots=True)
class Allowance:
    """Calls that looking may still use, out of a tenth of the hourly quota.

    What is not used is saved for ten minutes, so that a burst does not end the looking.
    """

    calls: float
    at: datetime

    @property
    def is_used_up(self) -> bool:
        """Return whether not even one call is left."""
        return self.calls < 1


def first_allowance(quota: int, now: datetime) -> Allowance:
    """Return what may be used at the beginning."""
    return Allowance(_most(quota), now)


def refilled(allowance: Allowance, quota: int, now: datetime) -> Allowance:
    """Add what has come since; a clock that was set back adds nothing."""
    gained = max(timedelta(), now - allowance.at) / _HOUR * (quota / _SHARE)
    return Allowance(min(_most(quota), allowance.calls + gained), now)


def spent(allowance: Allowance, calls: int) -> Allowance:
    """Take calls off."""
    return replace(allowance, calls=allowance.calls - calls)


def _most(quota: int) -> float:
    return quota / _SHARE * (_SAVED_FOR / _HOUR)


def _by_activity(it: Candidate) -> tuple[bool, bool, float, bool, float]:
    """Sort by what waits, then by what happened last, then by patience."""
    happened = it.active_at.timestamp() if it.active_at is not None else 0.0
    return (not it.is_awaited, it.active_at is None, -happened, *_by_patience(it))


def _by_patience(it: Candidate) -> tuple[bool, float]:
    """Sort by who was looked at longest ago, or never."""
    looked = it.looked_at.timestamp() if it.looked_at is not None else 0.0
    return (it.looked_at is not None, looked)
