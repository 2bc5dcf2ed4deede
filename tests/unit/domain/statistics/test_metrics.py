"""The metrics of a period: flows, held deployments, and what is shown when nothing is on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
)
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.metrics import (
    MOST_FLOWS,
    measure,
    measure_bypasses,
    measure_flaky_flows,
    measure_overrides,
    measure_pass_rate,
    measure_time_held,
)
from gate.domain.statistics.record import (
    EMPTY,
    Attempts,
    FlowReport,
    FlowResult,
    Holds,
    Period,
    Record,
    Release,
    cut,
)
from gate.domain.statistics.release_counts import count_releases
from gate.domain.statistics.spread import Share, Spread, spread_of, spread_of_runs
from tests.support.builders.defaults import NOW, TICK
from tests.unit.domain.statistics.incident_stories import GREEN, PERIOD, minutes, story


def report(run_id: int, attempt: int = 1, repository: int = 1, **flows: str) -> FlowReport:
    """A report of a run attempt with the status of each flow."""
    results = tuple(FlowResult(name, FlowStatus(status)) for name, status in flows.items())
    return FlowReport(RepositoryId(repository), RunId(run_id), attempt, NOW, results)


def ended(conclusions: Iterable[str]) -> list[Attempts]:
    """Attempts that ended so, on two days."""
    return [
        Attempts((NOW + timedelta(days=at % 2)).date(), it, 1) for at, it in enumerate(conclusions)
    ]


@pytest.mark.parametrize(
    ("conclusions", "share"),
    [
        ([], Share(0, 0)),
        (["cancelled", "skipped", "neutral", "new word"], Share(0, 0)),
        (["success"], Share(1, 1)),
        (["failure", "timed_out", "startup_failure"], Share(0, 3)),
        (["success", "failure", "cancelled", "success"], Share(2, 3)),
    ],
)
def test_the_pass_rate_is_of_those_that_passed_or_failed(
    conclusions: list[str], share: Share
) -> None:
    """What proved nothing does not make the rate better or worse."""
    assert measure_pass_rate(ended(conclusions)) == share


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


def test_a_spread_is_the_same_however_the_times_are_laid_out() -> None:
    """Runs may be empty, and values may be in several of them."""
    runs = [[1, 5, 5, 9], [], [5], [2, 3, 3, 100]]
    lengths = [timedelta(microseconds=it) for run in runs for it in run]
    assert spread_of_runs(runs) == spread_of(lengths)
    assert spread_of_runs([[], []]) == Spread(0, None, None)


def holds(*ended: float, environment: str = "production", ongoing: float = 0) -> Holds:
    """The holds of a day that ended after so many minutes, and one that goes on after so many."""
    lengths = sorted(minutes(it) // timedelta(microseconds=1) for it in ended)
    return Holds(environment, NOW.date(), lengths, int(ongoing > 0), minutes(ongoing))


def test_time_held_is_of_those_that_ended_and_its_total_of_all() -> None:
    """A hold that goes on has no length yet, but it has cost what it has cost."""
    found = measure_time_held([holds(10, 20), holds(ongoing=30), holds(ongoing=10)])
    assert found.spread == Spread(2, minutes(15), minutes(20))
    assert found.going_on == 2
    assert found.total == minutes(10 + 20 + 30 + 10)


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
    reports: list[FlowReport], share: Share | None
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


def release(run_id: int, person: str = "mona", *, is_bypass: bool = False) -> Release:
    """Somebody lets a request pass."""
    return Release(NOW, RepositoryId(1), RunId(run_id), 1, "production", person, is_bypass)


def test_a_request_that_several_people_released_is_one() -> None:
    """Each of them has it in their own row, beside what they released before."""
    releases = [release(1), release(1, "hubot"), release(2), release(3, is_bypass=True)]
    assert (measure_overrides(releases), measure_bypasses(releases)) == (2, 1)
    counted = count_releases(releases, [release(9), release(9), release(8, "carol")])
    assert [(it.person, it.is_bypass, it.count, it.before) for it in counted] == [
        ("mona", False, 2, 1),
        ("hubot", False, 1, 0),
        ("mona", True, 1, 0),
    ]


def test_nothing_on_record_gives_no_rates_and_no_times() -> None:
    """An empty month is not a perfect one."""
    stats = measure(EMPTY, PERIOD)
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
        Record(
            attempts=tuple(ended(["success", "failure"])),
            stories=(story((5, GREEN)), story((1, Acknowledged()))),
            holds=(holds(10), holds(30, environment="staging")),
            releases=(release(1), release(2), release(3), release(4, is_bypass=True)),
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


def test_a_record_is_cut_by_the_day_on_which_things_began() -> None:
    """What began before the first part is in none, and nothing is in two."""
    whole = Record(
        attempts=tuple(ended(["success", "failure"])),
        stories=(story((5, GREEN)),),
        holds=(holds(10),),
        releases=(release(1),),
        reports=(report(1, a="flaky"),),
    )
    today = NOW.date()
    day = timedelta(days=1)
    first, second, third = cut(whole, [today - 9 * day, today, today + day])
    assert first == EMPTY
    assert second == replace(whole, attempts=whole.attempts[:1], reports=())
    assert third == replace(EMPTY, attempts=whole.attempts[1:])
    assert cut(whole, [today + 2 * day]) == [EMPTY]


def test_a_period_has_its_beginning() -> None:
    """Only its end is not a part of it."""
    end: datetime = PERIOD.until
    assert PERIOD.seen(end) is None
    assert PERIOD.seen(end - TICK) == end - TICK
    assert PERIOD.seen(None) is None
    assert Period(NOW, datetime(2026, 3, 2, tzinfo=UTC)).last_day == date(2026, 3, 1)
