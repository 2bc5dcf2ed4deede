"""Sum up many values in a few that people compare: a share, a median, a 90th percentile.

Pure. Whatever has no value without data is None, never zero: no failure at all is not the same as
all failures answered at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median


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
    ordered = sorted(times)
    if not ordered:
        return Spread(0, None, None)
    # In whole numbers: nine tenths of ten are a little less than nine otherwise.
    rank = -(-9 * len(ordered) // 10)
    return Spread(len(ordered), median(ordered), ordered[rank - 1])  # type: ignore[type-var]  # a timedelta can be halved
