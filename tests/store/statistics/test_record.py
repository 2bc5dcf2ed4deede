"""What the metrics are made of is read from a record as the gate writes it, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gate.domain.incidents.events import Acknowledged, Decided
from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.domain.model.reports import FlowStatus
from gate.domain.statistics.record import EMPTY
from gate.store.engine.database import Database
from gate.store.reports.reports import record_report
from gate.store.statistics.scope import Scope
from tests.store.statistics.on_record import (
    PERIOD,
    conclusions,
    judged,
    on_trail,
    opened,
    ran,
    read,
)
from tests.support.builders.defaults import (
    ENVIRONMENT,
    FORK,
    INSTALLATION,
    NOW,
    REPOSITORY,
    TERRAFORM,
    before,
)
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_key
from tests.support.builders.runs import make_run
from tests.support.rows import asked


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
