"""Whatever is on record, the figures are those of the slow and obvious computation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.statistics.metrics import measure
from gate.domain.statistics.record import Period
from gate.domain.statistics.spread import Share, Spread
from gate.domain.statistics.stats import HeldTime, ResponseTime, Stats
from gate.store.engine.database import Database
from gate.store.retention import delete_expired
from gate.store.statistics.record import read_record
from gate.store.statistics.scope import Scope
from tests.store.statistics.past import DAY, REPOSITORIES, Past
from tests.store.statistics.slow_statistics import SlowStatistics

STEPS: Final = 120
SCOPES: Final = [
    Scope(EVERYTHING),
    Scope(NOTHING),
    Scope(Visible(frozenset(REPOSITORIES[:2]))),
    Scope(EVERYTHING, REPOSITORIES[0]),
    Scope(Visible(frozenset(REPOSITORIES[1:])), REPOSITORIES[0]),
    Scope(EVERYTHING, None, "STAGING"),
    Scope(Visible(frozenset(REPOSITORIES[:2])), REPOSITORIES[1], "production"),
]


def periods(now: datetime) -> list[Period]:
    """Return periods of different lengths; some ended a while ago, one begins in the middle."""
    return [
        Period(now - 7 * DAY, now + DAY),
        Period(now - 14 * DAY, now - 7 * DAY),
        Period(now - 60 * DAY, now + DAY),
        Period(now - 20 * DAY - timedelta(hours=5), now - timedelta(hours=7)),
    ]


def of_share(share: Share) -> tuple[int, int]:
    """Return a share as the slow computation does."""
    return share.count, share.of


def of_spread(spread: Spread) -> object:
    """Return a spread as the slow computation does."""
    return spread.count, spread.median, spread.p90


def of_response(response: ResponseTime) -> object:
    """Return a response time as the slow computation does."""
    return of_spread(response.spread)


def of_held(held: HeldTime) -> object:
    """Return a time held as the slow computation does."""
    return of_spread(held.spread), held.going_on, held.total


def figures(stats: Stats) -> dict[str, object]:
    """Return the figures as the slow computation does."""
    return {
        "validation_pass_rate": of_share(stats.pass_rate),
        "incidents": (stats.incidents, stats.open_incidents),
        "time_to_acknowledge": of_response(stats.time_to_acknowledge),
        "time_to_decide": of_response(stats.time_to_decide),
        "time_to_resolve": of_response(stats.time_to_resolve),
        "false_positive_rate": of_share(stats.false_positives),
        "incidents_acted_on": of_share(stats.acted_on),
        "time_held": of_held(stats.held),
        "environments": {name: of_held(it) for name, it in stats.held_by_environment},
        "overrides": stats.overrides,
        "bypasses": stats.bypasses,
        "flaky_flows": [
            (it.repository_id, it.name, it.runs.count, it.runs.of) for it in stats.flaky_flows
        ],
    }


def check_all(database: Database, now: datetime, scopes: Sequence[Scope] = SCOPES) -> None:
    """Compare every period in every scope."""
    for period in periods(now):
        for scope in scopes:

            def both(snapshot: Any, period: Period = period, scope: Scope = scope) -> Any:
                slow = SlowStatistics(snapshot, period, scope).figures()
                return slow, figures(measure(read_record(snapshot, period, scope), period))

            slow, quick = database.read(both)
            assert quick == slow, (period, scope)


@pytest.mark.parametrize("seed", range(4))
def test_figures_are_those_of_all_rows(database: Database, seed: int) -> None:
    """While things happen, late and again, and after old rows were deleted."""
    past = Past(database, seed, is_upgrading=True)
    past.go_on(STEPS)
    check_all(database, past.now, SCOPES[:1])
    past.go_on(STEPS)
    check_all(database, past.now)
    delete_expired(database, past.now)
    check_all(database, past.now)
