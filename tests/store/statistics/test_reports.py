"""How flows did is read from the record, on both databases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from gate.domain.model.access import EVERYTHING
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.document import render_document
from gate.domain.statistics.metrics import count_flaky_runs, measure
from gate.domain.statistics.record import FlowResult, Period
from gate.domain.statistics.spread import Share
from gate.store.engine.database import Database
from gate.store.reports.reports import record_alert, record_report
from gate.store.statistics.record import read_both, read_record
from gate.store.statistics.scope import Scope
from tests.store.statistics.on_record import PERIOD, judged, ran, read, told_at_length
from tests.store.statistics.slow_statistics import SlowStatistics
from tests.support.builders.defaults import (
    ENVIRONMENT,
    INSTALLATION,
    NOW,
    REPOSITORY,
    TERRAFORM,
    before,
)
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report
from tests.support.builders.runs import make_run
from tests.support.rows import asked


def test_reports_are_of_the_period(database: Database) -> None:
    """By when they came."""
    flow = make_flow("a", FlowStatus.FLAKY)
    report = make_validation_report(flow, make_flow("steady"), reported_at=NOW)
    old = make_validation_report(flow, run_id=RunId(9), reported_at=before(days=2))
    for it in (report, old):
        database.transact(lambda tx, it=it: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
    (found,) = read(database).reports
    assert (found.run_id, found.at) == (report.run_id, NOW)
    assert found.flows == (FlowResult("a", FlowStatus.FLAKY),)


def test_where_all_goes_well_no_report_is_read(database: Database) -> None:
    """Another repository's trouble changes nothing."""
    steady = make_validation_report(make_flow("a"), reported_at=NOW)
    shaky = make_validation_report(
        make_flow("a", FlowStatus.FAILED), repository_id=RepositoryId(4), reported_at=NOW
    )
    for it in (steady, shaky):
        database.transact(lambda tx, it=it: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
    assert [it.repository_id for it in read(database).reports] == [4]


def test_trouble_that_an_alert_tells_of_later_is_read(database: Database) -> None:
    """The report of an attempt becomes worse by it."""
    report = make_validation_report(make_flow("a"), reported_at=NOW)
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))
    assert read(database).reports == ()
    alert = make_alert_report(make_flow("a", FlowStatus.FAILED), received_at=NOW)
    database.transact(lambda tx: record_alert(tx, alert, INSTALLATION))
    (found,) = read(database).reports
    assert found.flows == (FlowResult("a", FlowStatus.FAILED),)


@pytest.mark.parametrize(
    ("started_at", "conclusion"), [(NOW, "failure"), (before(days=2), "failure"), (NOW, None)]
)
def test_a_report_of_an_environment_counts_by_when_it_came(
    database: Database, started_at: datetime, conclusion: str | None
) -> None:
    """As without the filter: whether its run began earlier or still goes on changes nothing."""
    judged(database, asked(database))
    status = "completed" if conclusion else "in_progress"
    ran(
        database,
        make_run(run_id=RunId(9), started_at=started_at, status=status, conclusion=conclusion),
        make_run(run_id=RunId(10), path=TERRAFORM),
    )
    for number in (9, 10):
        report = make_validation_report(
            make_flow("a", FlowStatus.FLAKY), run_id=RunId(number), reported_at=NOW
        )
        database.transact(lambda tx, it=report: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
    found = read(database, Scope(EVERYTHING, environment=ENVIRONMENT)).reports
    assert [it.run_id for it in found] == [9]


def test_of_reports_that_are_too_long_the_newest_are_read(database: Database) -> None:
    """The figures are those of the time that these were reported in, as anybody can count them."""
    told_at_length(database, 80)
    period = Period(before(days=30), NOW)

    def both(snapshot: Any) -> tuple[Any, Any]:
        record = read_record(snapshot, period, Scope(EVERYTHING))
        assert record.reports_since is not None
        shorter = Period(record.reports_since, period.until)
        slow = SlowStatistics(snapshot, shorter, Scope(EVERYTHING)).figures()["flaky_flows"]
        return slow, measure(record, period)

    slow, measured = database.read(both)
    flaky = measured.flaky_flows
    assert [(it.repository_id, it.name, it.runs.count, it.runs.of) for it in flaky] == slow
    assert 0 < flaky[0].runs.count < 80
    assert period.since < measured.flaky_since < before(hours=flaky[0].runs.count)
    shown = render_document(measured)["flaky_flows_since"]
    assert shown == measured.flaky_since.isoformat().replace("+00:00", "Z")


def test_a_few_long_reports_are_all_read(database: Database) -> None:
    """Nothing is said of when they began."""
    told_at_length(database, 20)
    record = read(database)
    assert (record.reports_since, len(record.reports)) == (None, 20)


@pytest.mark.parametrize("environment", [None, ENVIRONMENT])
def test_the_same_flows_are_read_of_the_period_before(
    database: Database, environment: str | None
) -> None:
    """Steady ones too, which nobody would list; others are not."""
    judged(database, asked(database))
    for number, status, at in (
        (501, FlowStatus.FLAKY, NOW),
        (502, FlowStatus.PASSED, before(days=2)),
        (503, FlowStatus.PASSED, before(days=3)),
    ):
        ran(database, make_run(run_id=RunId(number), started_at=before(days=9)))
        report = make_validation_report(
            make_flow("a", status), make_flow("b"), run_id=RunId(number), reported_at=at
        )
        database.transact(lambda tx, it=report: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
    earlier = Period(before(days=9), PERIOD.since)
    scope = Scope(EVERYTHING, environment=environment)
    _, found = database.read(lambda it: read_both(it, PERIOD, earlier, scope, is_whole=True))
    assert count_flaky_runs(found.reports) == {(REPOSITORY, "a"): Share(0, 2)}
