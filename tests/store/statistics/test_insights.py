"""Who released holds, read from the trail on both databases, and only of what may be seen."""

from __future__ import annotations

from datetime import timedelta

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.statistics.record import Period
from gate.store.engine.database import Database
from gate.store.reports.reports import record_report
from gate.store.statistics.insights import Releases, read_releases, read_timed_reports
from gate.store.statistics.record import Scope
from tests.store.statistics.test_record import on_trail
from tests.support.builders.defaults import ENVIRONMENT, INSTALLATION, NOW, REPOSITORY, before
from tests.support.builders.reports import make_validation_report

PERIOD = Period(before(days=1), NOW + timedelta(days=1))
OTHER = RepositoryId(4)


def releases(database: Database, scope: Scope) -> tuple[Releases, ...]:
    """Read the releases of a scope."""
    return database.read(lambda snapshot: read_releases(snapshot, PERIOD, scope))


def test_releases_are_counted_by_person_and_kind(database: Database) -> None:
    """Two entries of one run are one; what is before the period is none."""
    on_trail(database, "override.recorded")
    on_trail(database, "override.recorded")
    on_trail(database, "override.recorded", run_id=RunId(602))
    on_trail(database, "bypass.detected", actor="hubot", repository_id=OTHER)
    on_trail(database, "override.recorded", at=before(days=3), run_id=RunId(603))
    on_trail(database, "request.closed")
    mona = Releases(None, "mona", is_bypass=False, runs=2)
    hubot = Releases(None, "hubot", is_bypass=True, runs=1)

    assert releases(database, Scope(EVERYTHING)) == (mona, hubot)
    assert releases(database, Scope(Visible(frozenset({REPOSITORY})))) == (mona,)
    assert releases(database, Scope(EVERYTHING, OTHER)) == (hubot,)
    assert releases(database, Scope(EVERYTHING, REPOSITORY, ENVIRONMENT.upper())) == (mona,)
    assert releases(database, Scope(EVERYTHING, None, "elsewhere")) == ()
    assert releases(database, Scope(NOTHING)) == ()


def test_reports_come_with_their_time_and_only_to_whom_they_are_shown(database: Database) -> None:
    """The newest first."""
    report = make_validation_report()
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))
    for visible, count in [(EVERYTHING, 1), (NOTHING, 0)]:
        found = database.read(lambda it, v=visible: read_timed_reports(it, PERIOD, Scope(v)))  # type: ignore[misc]
        assert len(found) == count
