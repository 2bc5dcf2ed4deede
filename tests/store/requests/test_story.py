"""The record of a deployment has all that belongs to it, and nothing else, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from gate.domain.audit.chain import AuditEntry, Checkpoint
from gate.domain.incidents.events import (
    Acknowledged,
    Happening,
    IncidentEvent,
    Opened,
    Reopened,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import IncidentPlace
from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.alert import AlertKind, Channel
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, RepositoryId, RequestId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.request import GateRequest, RequestState
from gate.domain.model.runs import Account
from gate.domain.requests.decision import Verdict
from gate.store.audit.checkpoints import record_checkpoint
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.repositories import record_repository
from gate.store.github.runs import record_run
from gate.store.incidents.alerts import owe_alert
from gate.store.incidents.incidents import record_events, record_opening
from gate.store.requests.decisions import record_decision
from gate.store.requests.story import DeploymentRecord, read_deployment
from tests.support.alerts import make_alert
from tests.support.builders.defaults import ENVIRONMENT, INSTALLATION, NOW, REPOSITORY, before
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_deploy_run, make_run
from tests.support.incidents import make_evidence, make_failure, make_flow_report
from tests.support.rows import answer, ask, asked, end, wait

SHOP: Final = Repository(
    REPOSITORY, INSTALLATION, "acme/shop", Account(AccountId(9), "acme"), "main"
)
PLACE: Final = IncidentPlace(INSTALLATION, REPOSITORY, ENVIRONMENT)


def minutes(count: float) -> datetime:
    """Return this long after the deployment asked; rows.answer answers it at once."""
    return NOW + timedelta(minutes=count)


def opened(database: Database, **given: Any) -> GateRequest:
    """Let a deployment of a known repository ask."""
    database.transact(lambda tx: record_repository(tx, SHOP))
    return asked(database, **given)


def read(
    database: Database, request: GateRequest, visible: Visible = EVERYTHING
) -> DeploymentRecord:
    """Read the record of a request that is there."""
    found = database.read(lambda it: read_deployment(it, request.id, visible))
    assert found is not None
    return found


def note(database: Database, kind: str, at: datetime = NOW, **changes: Any) -> None:
    """Append an entry about the default request to the trail."""
    key = make_key()
    values: dict[str, Any] = {
        "at": at,
        "installation_id": INSTALLATION,
        "repository_id": REPOSITORY,
        "run_id": key.run_id,
        "run_attempt": key.run_attempt,
        "environment": ENVIRONMENT,
        "kind": kind,
        "actor": "gate",
    }
    entry = AuditEntry(**values | changes)
    database.transact(lambda tx: record_audit(tx, entry))


def decide(database: Database, request: GateRequest, at: datetime, **changes: Any) -> None:
    """Record a decision that rests on a failed validation."""
    run = make_run(conclusion="failure", **changes)
    evidence = make_evidence(ValidationState.FAILED, conclusion="failure", **changes)
    report = make_flow_report(run, "checkout.yml")
    facts = make_facts(request=request, validations=(run,), reports=(report,))
    decision = make_decision(Verdict.WAIT, evidence=evidence)
    database.transact(lambda tx: record_decision(tx, decision, facts, at))


def break_out(database: Database, *happened: tuple[datetime, Happening]) -> int:
    """Record an incident that opened ten minutes before the deployment asked."""
    what = Opened(make_failure())
    first = IncidentEvent(minutes(-10), "gate", what)
    record = database.transact(lambda tx: record_opening(tx, PLACE, first, what))
    events = [IncidentEvent(at, "carol", it) for at, it in happened]
    database.transact(lambda tx: record_events(tx, record, events))
    return record.incident.id


def send(database: Database, thread: str, at: datetime, key: str) -> None:
    """Owe an alert of a thread."""
    alert = make_alert(key=key, incident=thread, timestamp=at, kind=AlertKind.PAGE)
    database.transact(lambda tx: owe_alert(tx, alert, [Channel.SLACK], REPOSITORY))


def test_a_request_that_may_not_be_seen_is_none(database: Database) -> None:
    """Neither is one that does not exist."""
    request = opened(database)
    for visible in (NOTHING, Visible(frozenset({RepositoryId(REPOSITORY + 1)}))):
        found = database.read(lambda it, v=visible: read_deployment(it, request.id, v))  # type: ignore[misc]
        assert found is None
    assert database.read(lambda it: read_deployment(it, RequestId(99), EVERYTHING)) is None
    assert read(database, request, Visible(frozenset({REPOSITORY}))).repository == "acme/shop"


def test_a_request_that_was_just_asked_has_an_empty_record(database: Database) -> None:
    """Nothing is made up."""
    record = read(database, opened(database))
    assert (record.run, record.decision, record.place, record.incident) == (None,) * 4
    assert (record.evidence, record.trail, record.alerts, record.siblings) == ((),) * 4
    assert record.left_out == 0


def test_the_run_is_that_of_the_attempt_that_asked(database: Database) -> None:
    """The newest attempt is shown only where that one is unknown."""
    request = opened(database, key=make_key(run_attempt=2))
    for attempt in (1, 3):
        run = make_deploy_run(run_attempt=attempt)
        database.transact(lambda tx, it=run: record_run(tx, it, NOW))  # type: ignore[misc]
    found = read(database, request).run
    assert found is not None
    assert found.run_attempt == 3
    own = make_deploy_run(run_attempt=2)
    database.transact(lambda tx: record_run(tx, own, NOW))
    assert read(database, request).run == own


def test_evidence_comes_with_the_time_of_its_decision(database: Database) -> None:
    """Oldest first, and the newest with its reports."""
    request = wait(database, opened(database))
    decide(database, request, minutes(1), run_id=501)
    decide(database, request, minutes(2), run_id=502)
    record = read(database, request)
    assert [(it.at, it.evidence.run and it.evidence.run.run_id) for it in record.evidence] == [
        (minutes(1), 501),
        (minutes(2), 502),
    ]
    assert [it.evidence.report is not None for it in record.evidence] == [False, True]
    assert record.decision is not None
    assert record.decision.at == minutes(2)


def test_the_trail_has_the_newest_entries_of_this_request_alone(database: Database) -> None:
    """Oldest first; those left out are counted, and what the incident did is read elsewhere."""
    request = opened(database)
    note(database, "request.opened")
    note(database, "request.opened", environment="staging")
    note(database, "request.opened", run_attempt=2)
    note(database, "incident.opened")
    assert [it.kind for it in read(database, request).trail] == ["request.opened"]
    for number in range(104):
        note(database, "report.sent", minutes(number))
    record = read(database, request)
    assert (len(record.trail), record.left_out) == (100, 5)
    assert (record.trail[0].at, record.trail[-1].at) == (minutes(4), minutes(103))


def test_the_place_in_the_chain_is_that_of_the_newest_decision(database: Database) -> None:
    """With the first checkpoint at or after it. The chain begins with an entry about itself."""
    request = wait(database, opened(database))
    decide(database, request, NOW)
    note(database, "decision.made")
    note(database, "decision.made")
    note(database, "report.sent")
    place = read(database, request).place
    assert place is not None
    assert (place.sequence, place.signed_at) == (3, None)
    for sequence, at in ((2, 1), (4, 2), (5, 3)):
        signed = Checkpoint(INSTALLATION, sequence, "hash", minutes(at), "key")
        database.transact(lambda tx, it=signed: record_checkpoint(tx, it))  # type: ignore[misc]
    place = read(database, request).place
    assert place is not None
    assert place.signed_at == minutes(2)


def test_of_the_incident_it_has_what_happened_while_the_deployment_waited(
    database: Database,
) -> None:
    """Both ends included; what came before and after is the incident's own."""
    request = opened(database)
    again = Reopened(make_failure("b.yml"))
    incident = break_out(database, (NOW, Acknowledged()), (minutes(5), again))
    for number in (-5, 0, 5):
        send(database, f"incident/{incident}", minutes(number), f"incident/{number}")
    waiting = read(database, request)
    assert waiting.incident is not None
    assert [it.at for it in waiting.incident.events] == [NOW, minutes(5)]
    assert [it.planned_at for it in waiting.alerts] == [NOW, minutes(5)]
    answered = read(database, answer(database, request))
    assert answered.incident is not None
    assert [it.at for it in answered.incident.events] == [NOW]
    assert [it.planned_at for it in answered.alerts] == [NOW]
    assert answered.incident.has_more


def test_a_request_that_ended_without_the_gate_ends_its_story(database: Database) -> None:
    """By a bypass or another way; what happens to the incident afterwards is not part of it."""
    request = opened(database)
    happened = [(minutes(1), Acknowledged()), (minutes(9), Acknowledged())]
    break_out(database, *happened)
    record = read(database, end(database, request, RequestState.LAPSED, minutes(3)))
    assert record.ended_at == minutes(3)
    assert not record.is_answered
    assert record.incident is not None
    assert [it.at for it in record.incident.events] == [minutes(1)]


def test_the_story_of_a_request_that_opened_again_ends_with_its_last_round(
    database: Database,
) -> None:
    """A late job reopens it after it was closed; while it waits, its story goes on."""
    request = opened(database)
    happened = [(minutes(it), Acknowledged()) for it in (1, 9, 30)]
    break_out(database, *happened)
    note(database, "request.closed", minutes(3))
    end(database, request, RequestState.LAPSED, minutes(3))
    again, _ = ask(database, deployment=32, now=minutes(5))
    assert read(database, again).ended_at is None
    record = read(database, answer(database, again, now=minutes(10)))
    assert record.ended_at == minutes(10)
    assert record.is_answered
    assert record.incident is not None
    assert [it.at for it in record.incident.events] == [minutes(1), minutes(9)]


def test_an_incident_that_was_over_before_is_not_shown(database: Database) -> None:
    """Nor one of another environment."""
    request = opened(database)
    break_out(database, (before(minutes=2), Resolved(Resolution.BY_HAND, "fixed")))
    assert read(database, request).incident is None
    other = opened(database, key=make_key(run_id=602, environment="staging"))
    break_out(database)
    assert read(database, other).incident is None
    assert read(database, request).incident is not None


def test_an_incident_that_opened_after_the_answer_is_not_shown(database: Database) -> None:
    """The deployment had nothing to do with it."""
    request = answer(database, opened(database))
    what = Opened(make_failure())
    first = IncidentEvent(minutes(1), "gate", what)
    database.transact(lambda tx: record_opening(tx, PLACE, first, what))
    assert read(database, request).incident is None


def test_alerts_about_the_request_itself_are_shown_whenever_they_came(database: Database) -> None:
    """A bypass is found out after the wait."""
    request = answer(database, opened(database))
    for thread in (f"bypass/{request.id}", f"unanswered/{request.id}", f"bypass/{request.id + 1}"):
        send(database, thread, minutes(30), thread)
    record = read(database, request)
    assert [it.key for it in record.alerts] == [f"unanswered/{request.id}", f"bypass/{request.id}"]


def test_other_requests_of_the_run_are_listed(database: Database) -> None:
    """The newest attempt first."""
    request = opened(database)
    later = opened(database, key=make_key(run_attempt=2))
    staging = opened(database, key=make_key(environment="staging"), environment="Staging")
    opened(database, key=make_key(run_id=602))
    siblings = read(database, request).siblings
    assert [(it.id, it.run_attempt, it.environment, it.state) for it in siblings] == [
        (later.id, 2, ENVIRONMENT, "open"),
        (staging.id, 1, "Staging", "open"),
    ]
