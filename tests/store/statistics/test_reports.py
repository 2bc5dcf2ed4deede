"""How flows did is read from the record, on both databases."""

from __future__ import annotations

from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.record import FlowResult
from gate.store.engine.database import Database
from gate.store.reports.reports import record_alert, record_report
from tests.store.statistics.on_record import read
from tests.support.builders.defaults import INSTALLATION, NOW, before
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report


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
