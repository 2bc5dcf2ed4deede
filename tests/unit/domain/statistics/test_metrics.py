"""The metrics of a period: flows, held deployments, and what is shown when nothing is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
)
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus, ValidationReport
from gate.domain.statistics.metrics import (
    MOST_FLOWS,
    measure,
    measure_flaky_flows,
    measure_pass_rate,
    measure_time_held,
)
from gate.domain.statistics.record import Hold, Period, Record
from gate.domain.statistics.spread import Share, Spread, spread_of
from tests.support.builders.defaults import NOW, TICK
from tests.support.builders.reports import make_validation_report
from tests.support.incidents import make_flow
from tests.unit.domain.statistics.incident_stories import GREEN, PERIOD, minutes, story


def report(run_id: int, attempt: int = 1, repository: int = 1, **flows: str) -> ValidationReport:
    """A report of a run attempt with the status of each flow."""
    return make_validation_report(
        repository_id=RepositoryId(repository),
        run_id=RunId(run_id),
        run_attempt=attempt,
        flows=tuple(make_flow(name, FlowStatus(status)) for name, status in flows.items()),
    )


@pytest.mark.parametrize(
    ("conclusions", "share"),
    [
        ([], Share(0, 0)),
        ([None, "cancelled", "skipped", "neutral", "new word"], Share(0, 0)),
        (["success"], Share(1, 1)),
        (["failure", "timed_out", "startup_failure"], Share(0, 3)),
        (["success", "failure", "cancelled", None, "success"], Share(2, 3)),
    ],
)
def test_the_pass_rate_is_of_those_that_passed_or_failed(
    conclusions: list[str | None], share: Share
) -> None:
    """What proved nothing does not make the rate better or worse."""
    assert measure_pass_rate(conclusions) == share


def test_the_rate_of_nothing_is_not_known() -> None:
    """Zero would say that everything failed."""
    assert Share(0, 0).rate is None
    assert Share(0, 4).rate == 0
    assert Share(3, 4).rate == 0.75


@pytest.mark.parametrize(
    ("times", "median", "p90"),
    [
        ([5], 5, 5),
        ([4, 2], 3, 4),
        ([1, 2, 9], 2, 9),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5.5, 9),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10),
    ],
)
def test_a_spread_tells_the_middle_and_the_slow_end(
    times: list[int], median: float, p90: int
) -> None:
    """At least nine of ten took no longer than the 90th percentile."""
    found = spread_of(minutes(it) for it in times)
    assert found == Spread(len(times), minutes(median), minutes(p90))


def test_the_spread_of_nothing_is_not_known() -> None:
    """Nobody was quick, and nobody was slow."""
    assert spread_of([]) == Spread(0, None, None)


def hold(since: float, until: float | None, environment: str = "production") -> Hold:
    """A request that waited, from and to so many minutes after NOW."""
    end = None if until is None else NOW + minutes(until)
    return Hold(environment, NOW + minutes(since), end)


def test_time_held_is_of_those_that_ended_and_its_total_of_all() -> None:
    """A hold that goes on has no length yet, but it has cost what it has cost."""
    period = Period(NOW, NOW + minutes(60))
    found = measure_time_held([hold(0, 10), hold(0, 20), hold(30, None), hold(50, 70)], period)
    assert found.spread == Spread(2, minutes(15), minutes(20))
    assert found.going_on == 2
    assert found.total == minutes(10 + 20 + 30 + 10)


def test_clocks_that_disagree_take_no_time_back() -> None:
    """An end before the beginning is none at all."""
    assert measure_time_held([hold(5, 4)], PERIOD).total == timedelta(0)


@pytest.mark.parametrize(
    ("reports", "share"),
    [
        ([report(1, a="passed")], None),
        ([report(1, a="failed")], None),
        ([report(1, a="not_run"), report(1, 2, a="passed")], None),
        ([report(1, a="passed"), report(1, 2, a="failed")], None),
        ([report(1, a="failed"), report(2, a="passed")], None),
        ([report(1, a="flaky")], Share(1, 1)),
        ([report(1, a="failed"), report(1, 2, a="passed"), report(2, a="passed")], Share(1, 2)),
        ([report(1, 2, a="warned"), report(1, 1, a="failed")], Share(1, 1)),
        ([report(1, a="flaky"), report(2, a="not_run")], Share(1, 1)),
    ],
)
def test_a_flow_is_flaky_that_changes_within_a_run(
    reports: list[ValidationReport], share: Share | None
) -> None:
    """Between two runs production or the commit may have changed, within one they did not."""
    found = measure_flaky_flows(reports)
    assert [it.runs for it in found] == ([share] if share is not None else [])


def test_the_flakiest_comes_first_and_few_are_listed() -> None:
    """Flows of one name in two repositories are two."""
    often = [report(number, a="flaky") for number in range(3)]
    other = report(9, repository=2, a="flaky")
    many = [report(100 + number, 1, 1, **{f"f{number}": "flaky"}) for number in range(MOST_FLOWS)]
    found = measure_flaky_flows([*many, other, *often])
    assert len(found) == MOST_FLOWS
    assert (found[0].repository_id, found[0].name, found[0].runs) == (1, "a", Share(3, 3))
    assert [it.repository_id for it in measure_flaky_flows([other, *often])] == [1, 2]


def record(**changes: Any) -> Record:
    """What is on record when nothing happened."""
    values: dict[str, Any] = {
        "conclusions": (),
        "stories": (),
        "holds": (),
        "overrides": 0,
        "bypasses": 0,
        "reports": (),
    }
    return Record(**values | changes)


def test_nothing_on_record_gives_no_rates_and_no_times() -> None:
    """An empty month is not a perfect one."""
    stats = measure(record(), PERIOD)
    assert stats.pass_rate.rate is None
    assert stats.false_positives.rate is None
    assert stats.acted_on.rate is None
    assert stats.alerts_per_incident.mean is None
    assert stats.time_to_resolve.spread.median is None
    assert stats.held.spread.p90 is None
    assert (stats.held_by_environment, stats.flaky_flows) == ((), ())


def test_everything_is_put_together() -> None:
    """Each metric stands under its own name."""
    stats = measure(
        record(
            conclusions=("success", "failure"),
            stories=(story((5, GREEN)), story((1, Acknowledged()))),
            holds=(hold(0, 10), hold(0, 30, "staging")),
            overrides=3,
            bypasses=1,
            reports=(report(1, a="flaky"),),
        ),
        PERIOD,
    )
    assert (stats.pass_rate, stats.incidents, stats.open_incidents) == (Share(1, 2), 2, 1)
    assert (stats.false_positives, stats.acted_on) == (Share(1, 1), Share(1, 2))
    assert (stats.overrides, stats.bypasses, len(stats.flaky_flows)) == (3, 1, 1)
    held = {name: it.total for name, it in stats.held_by_environment}
    assert held == {"production": minutes(10), "staging": minutes(30)}
    assert stats.held.total == minutes(40)


def test_a_period_has_its_beginning() -> None:
    """Only its end is not a part of it."""
    end: datetime = PERIOD.until
    assert PERIOD.seen(end) is None
    assert PERIOD.seen(end - TICK) == end - TICK
    assert PERIOD.seen(None) is None
