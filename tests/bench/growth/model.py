"""Derive from a few assumptions what an organization would ask of the gate. Pure arithmetic.

What one event leaves in the database is measured by `tests.bench.growth.weigh`; what one costs by
`make bench`. All else is assumed, and stands on the page beside what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final, Self

WORKING_DAYS: Final = 25
"""Days with work in the five weeks for which the gate keeps most rows."""
WORKING_DAYS_A_YEAR: Final = 250


@dataclass(frozen=True, slots=True)
class Events:
    """How many of each kind, in whatever time."""

    runs: float
    """Workflow runs that neither deploy nor validate: GitHub sends webhooks for each of them."""
    deployments: float
    holds: float
    """Deployments that are held first, out of all of them."""
    validations: float
    pushes: float
    comments: float

    def times(self, factor: float) -> Self:
        """Return so many times as many of each."""
        return type(self)(*(getattr(self, it.name) * factor for it in fields(self)))


@dataclass(frozen=True, slots=True)
class Weight:
    """What one event sends and leaves."""

    webhooks: float
    rows: float
    bytes: float
    kept_bytes: float
    """Of the audit trail, which is never deleted."""
    calls: float
    """To GitHub, that count against the quota."""


A_DAY: Final = Events(runs=12, deployments=1, holds=0.05, validations=0.2, pushes=6, comments=1)
"""What one repository sees on a working day."""

WEIGHTS: Final = {
    "runs": Weight(3, 4, 1556, 0, 0),
    "deployments": Weight(8, 16, 7154, 1611, 1),
    # A status report, and what follows once it goes on.
    "holds": Weight(0, 4, 3000, 2348, 1.3),
    "validations": Weight(3, 4.3, 737, 246, 1),
    "pushes": Weight(1, 1, 300, 0, 0),
    "comments": Weight(1, 1, 300, 0, 0),
}

BUSIEST_HOUR: Final = 0.15
"""Share of a working day's events in its busiest hour."""
DEAD_ROWS: Final = 1.5
"""How much larger tables are than their rows, before vacuum takes back what was updated."""

QUOTA: Final = 5_000
QUOTA_MOST: Final = 12_500
_QUOTA_FREE: Final = 20
_QUOTA_EACH: Final = 50

SWEEP_SHARE: Final = 0.1
"""Share of the quota that looking for lost webhooks may use."""
SWEPT: Final = 60
"""Repositories that one round of the sweep covers in an installation."""


@dataclass(frozen=True, slots=True)
class Organization:
    """How many repositories there are, and in how many installations of the App."""

    repositories: int
    installations: int

    @property
    def largest(self) -> int:
        """Return the repositories of one installation, all of them being of one size."""
        return -(-self.repositories // self.installations)


SIZES: Final = (
    Organization(100, 1),
    Organization(1_000, 1),
    Organization(10_000, 4),
    Organization(100_000, 20),
    Organization(100_000, 1),
)


def total(events: Events, what: str) -> float:
    """Add up over all events what each of them weighs, by the name of a field of Weight."""
    weighed: Iterable[float] = (
        getattr(events, kind) * getattr(weight, what) for kind, weight in WEIGHTS.items()
    )
    return sum(weighed)


def busiest_hour(repositories: int) -> Events:
    """Return the events of the busiest hour."""
    return A_DAY.times(repositories * BUSIEST_HOUR)


def stored_bytes(repositories: int) -> float:
    """Return the size of all that is deleted after five weeks, once they have passed."""
    return total(A_DAY.times(repositories), "bytes") * WORKING_DAYS * DEAD_ROWS


def trail_bytes_a_year(repositories: int) -> float:
    """Return by how much the audit trail grows in a year."""
    return total(A_DAY.times(repositories), "kept_bytes") * WORKING_DAYS_A_YEAR


def quota(repositories: int) -> float:
    """Return the calls an hour that GitHub allows an installation, users left out."""
    more = max(0, repositories - _QUOTA_FREE) * _QUOTA_EACH
    return min(QUOTA + more, QUOTA_MOST)


def calls_in_busiest_hour(repositories: int) -> float:
    """Return the calls of one installation that count, with what the sweep may use."""
    return total(busiest_hour(repositories), "calls") + quota(repositories) * SWEEP_SHARE


def sweep_minutes(repositories: int) -> float:
    """Return how long the sweep takes at most to look at each repository of an installation.

    Half of a round is for repositories that have waited longest, if one round is not enough.
    """
    return 2.0 if repositories <= SWEPT else repositories / (SWEPT / 2)
