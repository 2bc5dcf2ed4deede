"""What is older than a run can get is deleted, and what still owes an answer never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import pytest
from sqlalchemy import func, insert, select

from gate.domain.audit.verify import Intact
from gate.domain.incidents.events import IncidentEvent, Opened, Resolution, Resolved
from gate.domain.incidents.incident import GATE
from gate.domain.model.ids import DeliveryId, DeploymentId, IncidentId, RunId
from gate.domain.model.reports import ValidationReport
from gate.domain.model.request import UNDECIDED, GateRequest, RequestState
from gate.reconciler.incidents.timeline import record_happenings, record_new_incident
from gate.store import retention
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.audit.trail import check_trail
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.due import FRESH
from gate.store.engine.tables.base import metadata
from gate.store.engine.tables.inbox import deliveries
from gate.store.github.deployments import DeploymentSighting, record_deployment
from gate.store.github.runs import record_run
from gate.store.inbox.deliveries import NewDelivery, record_delivery
from gate.store.inbox.redeliveries import record_redelivery
from gate.store.incidents.incidents import read_incident
from gate.store.reports.reports import record_alert, record_report
from gate.store.reports.tokens import spend_token
from gate.store.requests.decisions import record_decision, stream_decisions
from gate.store.requests.ledger import read_ledger, record_intents
from gate.store.requests.requests import read_request
from gate.store.retention import KEEP, KEEP_INCIDENTS, delete_expired
from tests.support.builders.defaults import ENVIRONMENT, INSTALLATION, NOW, REPOSITORY, TICK
from tests.support.builders.ledger import make_review
from tests.support.builders.reports import make_alert_report, make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_facts, make_key
from tests.support.builders.runs import make_run
from tests.support.incidents import PLACE, make_failure
from tests.support.rows import answer, ask, asked, end, wait

T = TypeVar("T")
OLD: Final = NOW - KEEP - TICK
KEPT: Final = NOW - KEEP


def count(database: Database, table: str) -> int:
    """Count the rows of a table."""
    query = select(func.count()).select_from(metadata.tables[table])
    return database.read(lambda snapshot: snapshot.scalars(query).one())


def told(database: Database, at: datetime, number: int) -> None:
    """Store one of everything else that is deleted."""
    seen = DeploymentSighting(REPOSITORY, DeploymentId(number), ENVIRONMENT)
    delivery = DeliveryId(f"d{number}")

    def work(tx: Any) -> None:
        record_delivery(tx, NewDelivery(delivery, "push", at, b"{}"))
        record_redelivery(tx, delivery, at)
        record_deployment(tx, seen, at)
        record_run(tx, make_run(run_id=RunId(number)), at)
        run = {"run_id": RunId(number)}
        record_report(tx, make_validation_report(**run, reported_at=at), INSTALLATION)
        record_alert(tx, make_alert_report(**run, received_at=at), INSTALLATION)
        spend_token(tx, delivery, at)

    database.transact(work)


def decided(database: Database, at: datetime, run_id: int) -> GateRequest:
    """Open a request with a decision, an effect and an entry on the trail."""
    request = asked(database, key=make_key(run_id=run_id), now=at)
    facts, review = make_facts(request=request), make_review().effect
    entry = AuditEntry(
        at, INSTALLATION, REPOSITORY, request.key.run_id, 1, ENVIRONMENT, "request.opened", "gate"
    )

    def work(tx: Any) -> None:
        number, _ = record_decision(tx, make_decision(), facts, at)
        known = read_ledger(tx, request.id)
        record_intents(tx, request, known, [review], decision_id=number, now=at)
        record_audit(tx, entry)

    database.transact(work)
    return request


def test_github_keeps_a_run_for_35_days() -> None:
    """Nothing that a run may still need is deleted."""
    assert timedelta(days=35) == KEEP


def test_everything_old_goes_and_the_trail_stays(database: Database) -> None:
    """One microsecond divides what is deleted from what is kept, table by table."""
    old = answer(database, decided(database, OLD, 1))
    kept = answer(database, asked(database, key=make_key(run_id=2), now=KEPT))
    told(database, OLD, 1)
    told(database, KEPT, 2)
    assert delete_expired(database, NOW) == {
        "decisions": 1,
        "effects": 1,
        "gate_requests": 1,
        "deliveries": 1,
        "redeliveries": 1,
        "deployments": 1,
        "runs": 1,
        "validation_reports": 1,
        "alert_reports": 1,
        "spent_tokens": 2,
    }
    assert database.read(lambda it: read_request(it, old.id)) is None
    assert database.read(lambda it: read_request(it, kept.id)) == kept
    for table in ("deliveries", "redeliveries", "deployments", "runs"):
        assert count(database, table) == 1
    # The entry that begins the chain, and one more.
    assert count(database, "audit_entries") == 2
    assert count(database, "validation_reports") == count(database, "alert_reports") == 1
    assert not delete_expired(database, NOW).total()


@pytest.mark.parametrize("state", sorted(UNDECIDED))
def test_an_undecided_request_is_never_deleted(database: Database, state: RequestState) -> None:
    """However old it is, a request that owes an answer stays with all that belongs to it."""
    request = decided(database, OLD - timedelta(days=365), 1)
    if state is not RequestState.OPEN:
        wait(database, request, state=state)
    assert not delete_expired(database, NOW).total()
    assert count(database, "effects") == count(database, "decisions") == 1


@pytest.mark.parametrize(
    "state", [RequestState.LAPSED, RequestState.RESOLVED_ELSEWHERE, RequestState.UNANSWERABLE]
)
def test_what_ended_without_us_goes_too(database: Database, state: RequestState) -> None:
    """A request that closed for whatever reason is deleted when it is old."""
    end(database, asked(database, now=OLD), state)
    assert delete_expired(database, NOW)["gate_requests"] == 1


def test_many_go_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than one transaction takes are deleted by several, and all of them are counted."""
    monkeypatch.setattr(retention, "_BATCH", 3)
    rows = [
        {"delivery_id": f"d{n}", "event": "push", "received_at": OLD, "state": "processed", **FRESH}
        for n in range(10)
    ]
    database.transact(lambda tx: tx.execute(insert(deliveries), rows).close())
    for run_id in range(4):
        answer(
            database, decided(database, OLD, run_id) if run_id == 0 else _plain(database, run_id)
        )
    transactions = _Counting(database)
    deleted = delete_expired(transactions, NOW)  # type: ignore[arg-type]
    assert (deleted["deliveries"], deleted["gate_requests"]) == (10, 4)
    assert transactions.count >= 6
    assert count(database, "deliveries") == count(database, "gate_requests") == 0


def _plain(database: Database, run_id: int) -> GateRequest:
    return asked(database, key=make_key(run_id=run_id), now=OLD)


class _Counting:
    """A database that counts transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.count = 0

    def transact(self, work: Callable[[Any], T]) -> T:
        self.count += 1
        return self._database.transact(work)

    def read(self, work: Callable[[Snapshot], T]) -> T:
        return self._database.read(work)


class _Interrupted(_Counting):
    """A database on which something happens before its first transaction is run."""

    def __init__(self, database: Database, happens: Callable[[], object]) -> None:
        super().__init__(database)
        self._happens = happens

    def transact(self, work: Callable[[Any], T]) -> T:
        if self.count == 0:
            self._happens()
        return super().transact(work)


def test_a_request_that_opens_again_meanwhile_stays(database: Database) -> None:
    """A late job that comes while old requests are deleted saves its request, effects and all."""
    request = answer(database, decided(database, OLD, 1))
    busy = _Interrupted(database, lambda: ask(database, key=request.key, deployment=32, now=NOW))
    assert not delete_expired(busy, NOW).total()  # type: ignore[arg-type]
    found = database.read(lambda it: read_request(it, request.id))
    assert found is not None
    assert found.state is RequestState.OPEN
    assert count(database, "effects") == count(database, "decisions") == 1


def rests_on(database: Database, run_id: int, at: datetime, *reports: ValidationReport) -> None:
    """Answer a request by a decision that rests on reports."""
    request = asked(database, key=make_key(run_id=run_id), now=at)
    facts = make_facts(request=request, reports=reports)
    database.transact(lambda tx: record_decision(tx, make_decision(), facts, at))
    answer(database, request)


def test_a_report_stays_as_long_as_a_decision_that_rests_on_it(database: Database) -> None:
    """It is kept once for all of them, however old it is, and goes with the last one."""
    shared, own = make_validation_report(), make_validation_report(make_flow("own.yml"))
    rests_on(database, 1, OLD, shared, own)
    rests_on(database, 2, KEPT, shared)
    assert count(database, "kept_reports") == 2
    deleted = delete_expired(database, NOW)
    assert (deleted["decisions"], deleted["kept_reports"]) == (1, 1)
    (recorded,) = database.read(lambda it: list(stream_decisions(it)))
    assert recorded.facts.reports == (shared,)
    assert delete_expired(database, NOW + TICK)["kept_reports"] == 1
    assert count(database, "decision_reports") == 0


def test_a_report_in_use_stays_beside_an_undecided_request(database: Database) -> None:
    """However old both are."""
    request = asked(database, now=OLD)
    facts = make_facts(request=request, reports=(make_validation_report(),))
    database.transact(lambda tx: record_decision(tx, make_decision(), facts, OLD))
    assert not delete_expired(database, NOW).total()


def opened(database: Database, at: datetime, ended_at: datetime | None) -> IncidentId:
    """Open an incident, and end it."""
    what = Opened(make_failure())
    record = database.transact(
        lambda tx: record_new_incident(tx, PLACE, IncidentEvent(at, GATE, what), what)
    )
    if ended_at is not None:
        ended = IncidentEvent(ended_at, GATE, Resolved(Resolution.BY_HAND, "over"))
        database.transact(lambda tx: record_happenings(tx, record, [ended]))
    return record.incident.id


def test_incidents_go_long_after_their_end_and_the_chain_stays_whole(database: Database) -> None:
    """With their events; the newest of an environment stays, and the trail of all of them."""
    ended = NOW - KEEP_INCIDENTS
    old = opened(database, ended - TICK, ended - TICK)
    kept = opened(database, ended - TICK, ended)
    newest = opened(database, ended - TICK, ended - TICK)
    assert delete_expired(database, NOW) == {"incidents": 1, "incident_events": 2}
    assert database.read(lambda it: read_incident(it, old)) is None
    for incident_id in (kept, newest):
        assert database.read(lambda it, one=incident_id: read_incident(it, one)) is not None  # type: ignore[misc]
    (chain,) = database.read(lambda it: list(check_trail(it, lambda _: None)))
    assert isinstance(chain, Intact)
    assert chain.last == 7
    assert not delete_expired(database, NOW).total()


def test_an_open_incident_is_never_deleted(database: Database) -> None:
    """However old it is, and whatever came after it."""
    opened(database, NOW - 2 * KEEP_INCIDENTS, None)
    opened(database, NOW, NOW)
    assert not delete_expired(database, NOW).total()
