"""Record what happens to an incident, by itself or by a person, in its timeline and in the trail.

Every change of an incident goes through here, so that what is on record is what happened. Each also
makes a look due, which plans what is said because of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

from gate.domain.incidents.events import (
    Acknowledged,
    FailedAgain,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Reopened,
    Resolution,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import IncidentPlace
from gate.domain.incidents.rule import decide_course
from gate.domain.model.course import Course
from gate.domain.model.ids import IncidentId
from gate.domain.model.request import GateRequest
from gate.log import get_logger
from gate.reconciler.trail import incident_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.github import runs
from gate.store.incidents import incidents
from gate.store.incidents.checks import mark_check
from gate.store.incidents.incidents import EVENT_KINDS, IncidentRecord
from gate.store.incidents.issues import mark_issue

log = get_logger(__name__)


def record_new_incident(
    tx: Transaction, place: IncidentPlace, event: IncidentEvent, opened: Opened
) -> IncidentRecord:
    """Open an incident."""
    record = incidents.record_opening(tx, place, event, opened)
    _put_on_record(tx, record, event)
    return record


def record_happenings(
    tx: Transaction, record: IncidentRecord, events: Sequence[IncidentEvent]
) -> IncidentRecord:
    """Add events to an incident."""
    changed = incidents.record_events(tx, record, events)
    for event in events:
        _put_on_record(tx, changed, event)
    return changed


def record_acknowledged(
    tx: Transaction, incident_id: IncidentId, actor: str, now: datetime
) -> bool:
    """Record that somebody looks after an incident; False when it is over, or somebody does."""
    record = _lock_open(tx, incident_id, now)
    if record is None or record.incident.acknowledged is not None:
        return False
    record_happenings(tx, record, [IncidentEvent(now, actor, Acknowledged())])
    return True


def record_decided(
    tx: Transaction, incident_id: IncidentId, course: Course, why: str, *, actor: str, now: datetime
) -> bool:
    """Record what somebody decided, and why; False when the incident is over."""
    record = _lock_open(tx, incident_id, now)
    if record is None:
        return False
    events = decide_course(record.incident, course, why, actor=actor, now=now)
    record_happenings(tx, record, events)
    return True


def record_resolved(
    tx: Transaction, incident_id: IncidentId, why: str, *, actor: str, now: datetime
) -> bool:
    """Record that somebody ended an incident by hand, and why; False when it is over."""
    record = _lock_open(tx, incident_id, now)
    if record is None:
        return False
    ended = Resolved(Resolution.BY_HAND, why)
    record_happenings(tx, record, [IncidentEvent(now, actor, ended)])
    return True


def record_silenced(
    tx: Transaction,
    incident_id: IncidentId,
    until: datetime,
    why: str,
    *,
    actor: str,
    now: datetime,
) -> bool:
    """Record that somebody wants to hear no more of an incident until a moment."""
    record = _lock_open(tx, incident_id, now)
    if record is None:
        return False
    record_happenings(tx, record, [IncidentEvent(now, actor, Silenced(until, why))])
    return True


def note_override(
    tx: Transaction, request: GateRequest, actor: str, why: str, now: datetime
) -> None:
    """Note in the open incident, if there is one, that a reviewer let a deployment go on."""
    key = request.key
    record = incidents.lock_newest_incident(tx, key.repository_id, key.environment)
    if record is not None and record.incident.is_open:
        what = Overridden(request.id, runs.read_page(tx, key), why)
        record_happenings(tx, record, [IncidentEvent(now, actor, what)])


def _detail(what: Happening) -> Mapping[str, object]:
    """Return what happened, for the trail; flows and errors may be long and are left out."""
    if isinstance(what, Opened | FailedAgain | Reopened):
        return {"flows": what.failure.count, "job_url": what.failure.job_url}
    return asdict(what)


def lock_to_act(tx: Transaction, incident_id: IncidentId, now: datetime) -> IncidentRecord | None:
    """Lock an incident that somebody acts on, open or over, and have it looked at.

    The look is marked first: it locks its own row before the incident's, and so must we.
    """
    seen = incidents.read_incident(tx, incident_id)
    if seen is None:
        return None
    mark_check(tx, seen.incident.place.repository_id, now)
    return incidents.lock_incident(tx, incident_id)


def _lock_open(tx: Transaction, incident_id: IncidentId, now: datetime) -> IncidentRecord | None:
    record = lock_to_act(tx, incident_id, now)
    return record if record is not None and record.incident.is_open else None


def _put_on_record(tx: Transaction, record: IncidentRecord, event: IncidentEvent) -> None:
    incident, kind = record.incident, EVENT_KINDS[type(event.what)]
    place, detail = incident.place, _detail(event.what)
    record_audit(
        tx,
        incident_entry(incident, f"incident.{kind}", event.at, actor=event.actor, detail=detail),
    )
    mark_issue(tx, incident.id, place.repository_id, event.at)
    log.info(
        "incident.changed",
        kind=kind,
        incident_id=incident.id,
        repository_id=place.repository_id,
        environment=place.environment,
        actor=event.actor,
    )
