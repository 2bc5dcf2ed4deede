"""What the metrics are made of is read from a record as the gate writes it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from gate.domain.audit.chain import AuditEntry
from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.alert_plan import Announcement
from gate.domain.incidents.events import Acknowledged, Decided, FailedAgain, IncidentEvent, Opened
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.alert import AlertKind
from gate.domain.model.course import Course
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.policy import ValidationState
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.statistics.record import Hold, Period, Record
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.incidents.incidents import record_announcements, record_events, record_opening
from gate.store.reports.reports import record_report
from gate.store.requests.decisions import record_decision
from gate.store.requests.outcomes import record_pass
from gate.store.statistics.record import Scope, read_record
from tests.support.builders.defaults import (
    ENVIRONMENT,
    FORK,
    INSTALLATION,
    NOW,
    REPOSITORY,
    TERRAFORM,
    before,
)
from tests.support.builders.reports import make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_run
from tests.support.incidents import make_failure
from tests.support.rows import answer, asked, end, give_back, lease, make_record, reread

ALL: Final = Scope(EVERYTHING)
PERIOD: Final = Period(before(days=1), NOW + timedelta(days=1))
EMPTY: Final = Record((), (), (), 0, 0, ())


def read(database: Database, scope: Scope = ALL, period: Period = PERIOD) -> Record:
    """Read what is on record."""
    return database.read(lambda snapshot: read_record(snapshot, period, scope))


def judged(database: Database, request: GateRequest, **run: Any) -> GateRequest:
    """Let a pass hold a request because of a validation; it is due for another at once."""
    evidence = Evidence(ValidationState.FAILED, make_run(**run), "red")
    decision = replace(make_decision(), evidence=evidence)
    facts = make_facts(request=request)
    number, _ = database.transact(lambda tx: record_decision(tx, decision, facts, NOW))
    held = lease(database, request.id, max(NOW, request.opened_at))
    record = make_record(decision_id=number)
    database.transact(lambda tx: record_pass(tx, held, request, record, until=NOW))
    give_back(database, held, NOW)
    return reread(database, request)


def ran(database: Database, *runs: Any) -> None:
    """Let GitHub tell of some runs."""
    for run in runs:
        database.transact(lambda tx, it=run: record_run(tx, it, NOW))  # type: ignore[misc]


def opened(
    database: Database,
    *,
    at: datetime = NOW,
    repository: int = REPOSITORY,
    environment: str = ENVIRONMENT,
) -> Any:
    """Open an incident about which mona decides after ten minutes; one word is said."""
    place = IncidentPlace(INSTALLATION, RepositoryId(repository), environment)
    what = Opened(make_failure("a", repository_id=RepositoryId(repository)))

    def work(tx: Any) -> Any:
        record = record_opening(tx, place, IncidentEvent(at, GATE, what), what)
        events = [
            IncidentEvent(at + timedelta(minutes=5), GATE, FailedAgain(what.failure)),
            IncidentEvent(at + timedelta(minutes=9), "mona", Acknowledged()),
            IncidentEvent(at + timedelta(minutes=10), "mona", Decided(Course.ROLLBACK, "now")),
        ]
        record = record_events(tx, record, events)
        return record_announcements(tx, record, [Announcement("page", AlertKind.PAGE, at, "a")])

    return database.transact(work)


def on_trail(database: Database, kind: str, **changes: Any) -> None:
    """Put something on the trail."""
    entry = AuditEntry(
        NOW, INSTALLATION, REPOSITORY, RunId(601), 1, ENVIRONMENT, kind, "mona", "why"
    )
    database.transact(lambda tx: record_audit(tx, replace(entry, **changes)))


def test_an_empty_record_is_read_as_such(database: Database) -> None:
    """There is nothing, of anything."""
    assert read(database) == EMPTY


def test_a_story_has_what_people_did_and_what_was_said(database: Database) -> None:
    """What the gate saw by itself is left out."""
    record = opened(database)
    (story,) = read(database).stories
    assert story.incident == record.incident
    assert story.said == record.said
    assert [type(it.what) for it in story.deeds] == [Acknowledged, Decided]
    assert story.deeds[1].actor == "mona"


def test_deeds_stay_with_their_incident(database: Database) -> None:
    """Two incidents are two stories, oldest first."""
    first, second = opened(database, at=before(hours=2)), opened(database)
    stories = read(database).stories
    assert [it.incident.id for it in stories] == [first.incident.id, second.incident.id]
    assert [it.deeds[0].at - it.incident.opened_at for it in stories] == [timedelta(minutes=9)] * 2


def test_only_attempts_of_what_the_gate_judged_by_count(database: Database) -> None:
    """Each attempt is one; other workflows, branches and forks are none."""
    judged(database, asked(database), run_id=RunId(501))
    ran(
        database,
        make_run(run_id=RunId(501), conclusion="failure"),
        make_run(run_id=RunId(501), run_attempt=2),
        make_run(run_id=RunId(502), status="in_progress", conclusion=None),
        make_run(run_id=RunId(503), path=TERRAFORM),
        make_run(run_id=RunId(504), head_branch="feature"),
        make_run(run_id=RunId(505), head_repository_id=FORK),
        make_run(run_id=RunId(506), started_at=before(days=2)),
        make_run(run_id=RunId(507), repository_id=RepositoryId(4), head_repository_id=4),
    )
    found = read(database).conclusions
    assert sorted(map(str, found)) == ["None", "failure", "success"]


def test_an_incident_names_its_validation_too(database: Database) -> None:
    """Nobody needs to deploy for a pass rate."""
    opened(database)
    ran(database, make_run(conclusion="failure"), make_run(run_id=RunId(777)))
    assert sorted(map(str, read(database).conclusions)) == ["failure", "success"]


def test_nothing_judged_gives_no_attempts(database: Database) -> None:
    """A run of some workflow is not a validation because it is there."""
    ran(database, make_run())
    assert read(database).conclusions == ()


def test_a_hold_ends_with_an_answer(database: Database) -> None:
    """It began when the request did."""
    request = judged(database, asked(database, now=before(minutes=10)))
    assert read(database).holds == (Hold(ENVIRONMENT, before(minutes=10), None),)
    answer(database, request)
    assert read(database).holds == (Hold(ENVIRONMENT, before(minutes=10), NOW),)


def test_an_approval_at_the_first_look_held_nobody(database: Database) -> None:
    """Without a decision to wait there was no hold."""
    answer(database, asked(database))
    assert read(database).holds == ()


@pytest.mark.parametrize("kind", ["request.closed", "bypass.detected"])
def test_a_hold_that_ended_elsewhere_ends_where_the_trail_says(
    database: Database, kind: str
) -> None:
    """Another attempt's end is not its own; without an end on record it is left out."""
    end(database, judged(database, asked(database)), RequestState.RESOLVED_ELSEWHERE)
    later = NOW + timedelta(minutes=30)
    on_trail(database, kind, run_attempt=2, at=later)
    on_trail(database, "decision.made", at=later)
    assert read(database).holds == ()
    on_trail(database, kind, at=later)
    assert read(database).holds == (Hold(ENVIRONMENT, NOW, later),)


def test_releases_are_counted_by_request(database: Database) -> None:
    """Two approvals of one override are one; a refused one is none."""
    on_trail(database, "override.recorded")
    on_trail(database, "override.recorded", actor="hubot", environment=ENVIRONMENT.upper())
    on_trail(database, "override.recorded", run_attempt=2)
    on_trail(database, "override.refused", run_id=RunId(9))
    on_trail(database, "bypass.detected", run_id=RunId(7))
    on_trail(database, "bypass.detected", at=before(days=2))
    found = read(database)
    assert (found.overrides, found.bypasses) == (2, 1)


def test_reports_are_of_the_period(database: Database) -> None:
    """By when they came."""
    report = make_validation_report(reported_at=NOW)
    old = make_validation_report(run_id=RunId(9), reported_at=before(days=2))
    for it in (report, old):
        database.transact(lambda tx, it=it: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
    assert read(database).reports == (report,)


@pytest.mark.parametrize("at", [PERIOD.since, PERIOD.until])
def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(
    database: Database, at: datetime
) -> None:
    """So that two periods in a row count everything once."""
    opened(database, at=at)
    judged(database, asked(database, now=at))
    on_trail(database, "bypass.detected", at=at)
    ran(database, make_run(started_at=at))
    report = make_validation_report(reported_at=at)
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))
    found = read(database)
    counts = [len(it) for it in (found.stories, found.holds, found.conclusions, found.reports)]
    expected = int(at == PERIOD.since)
    assert [*counts, found.bypasses] == [expected] * 5


@pytest.mark.parametrize(
    ("scope", "is_in"),
    [
        (Scope(EVERYTHING, REPOSITORY), True),
        (Scope(EVERYTHING, RepositoryId(4)), False),
        (Scope(EVERYTHING, environment="Production-Frontend"), True),
        (Scope(EVERYTHING, environment="staging"), False),
        (Scope(EVERYTHING, REPOSITORY, "staging"), False),
        (Scope(EVERYTHING, REPOSITORY, ENVIRONMENT), True),
        (Scope(Visible(frozenset({REPOSITORY}))), True),
        (Scope(Visible(frozenset({FORK}))), False),
        (Scope(Visible(frozenset({FORK})), REPOSITORY), False),
        (Scope(NOTHING), False),
    ],
)
def test_a_scope_narrows_everything(database: Database, scope: Scope, is_in: bool) -> None:
    """Repository and environment must both fit; an environment's name fits in any case."""
    opened(database)
    judged(database, asked(database))
    on_trail(database, "override.recorded")
    ran(database, make_run())
    report = make_validation_report(run_id=RunId(501), reported_at=NOW)
    database.transact(lambda tx: record_report(tx, report, InstallationId(1)))
    assert read(database) != EMPTY
    assert read(database, scope) == (read(database) if is_in else EMPTY)


def test_one_environment_has_its_own_workflow(database: Database) -> None:
    """A repository may validate staging by another file, whose runs are not production's."""
    judged(database, asked(database))
    key = make_key(environment="staging")
    judged(database, asked(database, key=key, environment="staging"), path=TERRAFORM)
    ran(database, make_run(), make_run(run_id=RunId(9), path=TERRAFORM, conclusion="failure"))
    assert read(database, Scope(EVERYTHING, environment="staging")).conclusions == ("failure",)
    assert read(database, Scope(EVERYTHING, environment=ENVIRONMENT)).conclusions == ("success",)
    assert len(read(database).conclusions) == 2
