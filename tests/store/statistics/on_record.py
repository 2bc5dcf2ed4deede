"""Put things on record as the gate writes them, and read what statistics are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from gate.domain.audit.chain import AuditEntry
from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.alerts.plan import Announcement
from gate.domain.incidents.events import Acknowledged, Decided, FailedAgain, IncidentEvent, Opened
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.model.access import EVERYTHING
from gate.domain.model.alert import AlertKind
from gate.domain.model.course import Course
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import FlowStatus
from gate.domain.model.request import GateRequest
from gate.domain.statistics.record import Period, Record
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database
from gate.store.github.runs import record_run
from gate.store.incidents.incidents import record_announcements, record_events, record_opening
from gate.store.reports.reports import record_report
from gate.store.requests.decisions import record_decision
from gate.store.requests.outcomes import record_pass
from gate.store.statistics.record import read_record
from gate.store.statistics.scope import Scope
from tests.support.builders.defaults import (
    ENVIRONMENT,
    INSTALLATION,
    NOW,
    REPOSITORY,
    before,
)
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_decision, make_facts
from tests.support.builders.runs import make_run
from tests.support.incidents import make_failure
from tests.support.rows import give_back, lease, make_record, reread

ALL: Final = Scope(EVERYTHING)
PERIOD: Final = Period(before(days=1), NOW + timedelta(days=1))


def conclusions(found: Record) -> list[str]:
    """Spell out how attempts ended."""
    return sorted(it.conclusion for it in found.attempts for _ in range(it.count))


def holds(found: Record) -> list[tuple[list[timedelta], int, timedelta]]:
    """Return the holds of each day: how long, how many go on, and for how long in all."""
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


def told_at_length(database: Database, count: int, now: datetime = NOW) -> None:
    """Let runs report as much as is kept of each, one an hour, the newest at last an hour ago."""
    flows = [make_flow(f"flow {it}", FlowStatus.FLAKY, error="x" * 300) for it in range(500)]
    for hours in range(1, count + 1):
        report = make_validation_report(
            *flows, run_id=RunId(9000 + hours), reported_at=now - timedelta(hours=hours)
        )
        database.transact(lambda tx, it=report: record_report(tx, it, INSTALLATION))  # type: ignore[misc]
