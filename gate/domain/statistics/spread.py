"""Sum up many values in a few that people compare: a share, a median, a 90th percentile.

Pure. Whatever has no value without data is None, never zero: no failure at all is not the same as
all failures answered at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    count: int
    of: int

    @property
    def rate(self) -> float | None:
        """Return the share between 0 and 1; None of nothing."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How long things took: `median` and `p90` are None when there were none.

    The median of an even number is the middle between two. The 90th percentile is the shortest
    time that at least nine of ten did not exceed, so it is always one that was measured.
    """

    count: int
    median: timedelta | None
    p90: timedelta | None


def spread_of(times: Iterable[timedelta]) -> Spread:
    """Sum up how long things took."""
    return spread_of_runs([sorted(it // _MICROSECOND for it in times)])


def spread_of_runs(runs: Sequence[Sequence[int]]) -> Spread:
    """Sum up how many microseconds things took, given in any number of sorted runs.

    Exact, and much cheaper than to sort them together: a hundred thousand values are in a hundred
    runs, one for each day and environment, and a few of these are merged for every figure.
    """
    count = sum(map(len, runs))
    if not count:
        return Spread(0, None, None)
    lower, upper = (_nth(runs, (count + it) // 2) for it in (1, 2))
    # In whole numbers: nine tenths of ten are a little less than nine otherwise.
    p90 = _nth(runs, -(-9 * count // 10))
    return Spread(count, (lower + upper) * _MICROSECOND / 2, p90 * _MICROSECOND)


def _nth(runs: Sequence[Sequence[int]], rank: int) -> int:
    """Return the value that has `rank` values up to itself: the smallest such, counted from 1."""
    if len(runs) == 1:
        return runs[0][rank - 1]
    low = min(run[0] for run in runs if run)
    high = max(run[-1] for run in runs if run)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(run, middle) for run in runs) >= rank:
            high = middle
        else:
            low = middle + 1
    return low
