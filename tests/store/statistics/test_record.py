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
from gate.domain.model.reports import FlowStatus
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.statistics.record import EMPTY, FlowResult, Period, Record
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.incidents.incidents import record_announcements, record_events, record_opening
from gate.store.reports.reports import record_alert, record_report
from gate.store.requests.decisions import record_decision
from gate.store.requests.outcomes import record_pass
from gate.store.statistics.record import read_record
from gate.store.statistics.scope import Scope
from tests.support.builders.defaults import (
    ENVIRONMENT,
    FORK,
    INSTALLATION,
    NOW,
    REPOSITORY,
    TERRAFORM,
    before,
)
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_run
from tests.support.incidents import make_failure
from tests.support.rows import answer, ask, asked, end, give_back, lease, make_record, reread

ALL: Final = Scope(EVERYTHING)
PERIOD: Final = Period(before(days=1), NOW + timedelta(days=1))


def conclusions(found: Record) -> list[str]:
    """Spell out how attempts ended."""
    return sorted(it.conclusion for it in found.attempts for _ in range(it.count))


def holds(found: Record) -> list[tuple[list[timedelta], int, timedelta]]:
    """Give the holds of each day: how long, how many go on, and for how long in all."""
    return [
        ([timedelta(microseconds=us) for us in it.ended], it.ongoing, it.ongoing_time)
        for it in found.holds
    ]


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
    incident = record.incident
    assert (story.opened_at, story.resolved_at, story.how) == (incident.opened_at, None, None)
    assert story.messages == (incident.opened_at,)
    assert [type(it.what) for it in story.deeds] == [Acknowledged, Decided]
    assert story.deeds[1].actor == "mona"


def test_deeds_stay_with_their_incident(database: Database) -> None:
    """Two incidents are two stories, oldest first."""
    opened(database, at=before(hours=2))
    opened(database)
    stories = read(database).stories
    assert [it.opened_at for it in stories] == [before(hours=2), NOW]
    assert [it.deeds[0].at - it.opened_at for it in stories] == [timedelta(minutes=9)] * 2


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
    assert conclusions(read(database)) == ["failure", "success"]


def test_an_incident_names_its_validation_too(database: Database) -> None:
    """Nobody needs to deploy for a pass rate."""
    opened(database)
    ran(database, make_run(conclusion="failure"), make_run(run_id=RunId(777)))
    assert conclusions(read(database)) == ["failure", "success"]


def test_nothing_judged_gives_no_attempts(database: Database) -> None:
    """A run of some workflow is not a validation because it is there."""
    ran(database, make_run())
    assert read(database).attempts == ()


def test_a_hold_ends_with_an_answer(database: Database) -> None:
    """It began when the request did."""
    request = judged(database, asked(database, now=before(minutes=10)))
    waited = PERIOD.until - before(minutes=10)
    assert holds(read(database)) == [([], 1, waited)]
    answer(database, request)
    assert holds(read(database)) == [([timedelta(minutes=10)], 0, timedelta(0))]


def test_an_approval_at_the_first_look_held_nobody(database: Database) -> None:
    """Without a decision to wait there was no hold."""
    answer(database, asked(database))
    assert read(database).holds == ()


def test_a_hold_ends_when_its_request_does(database: Database) -> None:
    """Whether or not GitHub has our answer; a late job makes it wait again from then on."""
    request = judged(database, asked(database, now=before(minutes=30)))
    end(database, request, RequestState.RESOLVED_ELSEWHERE)
    assert holds(read(database)) == [([timedelta(minutes=30)], 0, timedelta(0))]
    ask(database, deployment=32, now=NOW + timedelta(hours=2))
    assert holds(read(database)) == [([], 1, PERIOD.until - (NOW + timedelta(hours=2)))]


def test_a_hold_that_ended_after_the_period_was_going_on_at_its_end(database: Database) -> None:
    """What a period shows does not change when it is looked at later."""
    answer(database, judged(database, asked(database, now=before(minutes=30))))
    found = read(database, period=Period(before(days=1), NOW))
    assert holds(found) == [([], 1, timedelta(minutes=30))]


def test_clocks_that_disagree_take_no_time_back(database: Database) -> None:
    """An end before the beginning is none at all."""
    request = judged(database, asked(database, now=NOW + timedelta(minutes=5)))
    answer(database, request)
    assert holds(read(database)) == [([timedelta(0)], 0, timedelta(0))]


def test_releases_are_counted_by_request(database: Database) -> None:
    """Each approval is on record; a refused one is none."""
    on_trail(database, "override.recorded")
    on_trail(database, "override.recorded", actor="hubot", environment=ENVIRONMENT.upper())
    on_trail(database, "override.recorded", run_attempt=2)
    on_trail(database, "override.refused", run_id=RunId(9))
    on_trail(database, "bypass.detected", run_id=RunId(7))
    on_trail(database, "bypass.detected", at=before(days=2))
    found = read(database).releases
    assert [(it.person, it.is_bypass) for it in found].count(("mona", True)) == 1
    assert len({it.request for it in found if not it.is_bypass}) == 2
    assert {it.environment for it in found} == {ENVIRONMENT}


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


@pytest.mark.parametrize("at", [PERIOD.since, PERIOD.until])
def test_a_period_begins_with_its_first_instant_and_ends_before_its_last(
    database: Database, at: datetime
) -> None:
    """So that two periods in a row count everything once."""
    opened(database, at=at)
    judged(database, asked(database, now=at))
    on_trail(database, "bypass.detected", at=at)
    ran(database, make_run(started_at=at))
    report = make_validation_report(make_flow("a", FlowStatus.FAILED), reported_at=at)
    database.transact(lambda tx: record_report(tx, report, INSTALLATION))
    found = read(database)
    parts = (found.stories, found.holds, found.attempts, found.releases, found.reports)
    assert [len(it) for it in parts] == [int(at == PERIOD.since)] * 5


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
    report = make_validation_report(
        make_flow("a", FlowStatus.FAILED), run_id=RunId(501), reported_at=NOW
    )
    database.transact(lambda tx: record_report(tx, report, InstallationId(1)))
    assert read(database) != EMPTY
    assert read(database, scope) == (read(database) if is_in else EMPTY)


def test_one_environment_has_its_own_workflow(database: Database) -> None:
    """A repository may validate staging by another file, whose runs are not production's."""
    judged(database, asked(database))
    key = make_key(environment="staging")
    judged(database, asked(database, key=key, environment="staging"), path=TERRAFORM)
    ran(database, make_run(), make_run(run_id=RunId(9), path=TERRAFORM, conclusion="failure"))
    assert conclusions(read(database, Scope(EVERYTHING, environment="staging"))) == ["failure"]
    assert conclusions(read(database, Scope(EVERYTHING, environment=ENVIRONMENT))) == ["success"]
    assert len(conclusions(read(database))) == 2
