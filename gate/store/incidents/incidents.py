"""Store incidents: what each is now, and every event that made it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, bindparam, delete, insert, select, update

from gate.domain.incidents.alerts.plan import Announcement
from gate.domain.incidents.events import (
    Acknowledged,
    Alerted,
    AlertLost,
    Bypassed,
    Decided,
    Detailed,
    FailedAgain,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Reopened,
    Resolved,
    Silenced,
)
from gate.domain.incidents.incident import Incident, IncidentPlace, apply, open_incident, summarized
from gate.domain.model.ids import IncidentId, RepositoryId, environment_key
from gate.store.engine.codec import decode_incident, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.tables.incidents import incident_events, incidents

_t: Final = incidents.c
_e: Final = incident_events.c

EVENT_KINDS: Final[Mapping[type[Happening], str]] = {
    Opened: "opened",
    FailedAgain: "failed_again",
    Detailed: "detailed",
    Reopened: "reopened",
    Alerted: "alerted",
    AlertLost: "alert_lost",
    Acknowledged: "acknowledged",
    Decided: "decided",
    Silenced: "silenced",
    Overridden: "overridden",
    Bypassed: "bypassed",
    Resolved: "resolved",
}
"""How each kind of event is called in the database, in the API and in the trail."""

MOST_EVENTS: Final = 500
"""Events of an incident that are kept: the first, and the newest. The trail has all of them."""

_classes: Final = {kind: cls for cls, kind in EVENT_KINDS.items()}
_said: Final = msgspec.json.Decoder(tuple[Announcement, ...])

_selected: Final[Select[Any]] = select(
    _t.id, _t.events, _t.value, _t.said, _t.issue_number, _t.issue_url
)
_by_id: Final = _selected.where(_t.id == bindparam("incident"))
_locked_by_id: Final = _selected.where(_t.id == bindparam("incident")).with_for_update()
_locked_newest: Final = (
    _selected.where(
        _t.repository_id == bindparam("repository"),
        _t.environment_key == bindparam("environment"),
    )
    .order_by(_t.id.desc())
    .limit(1)
    .with_for_update()
)
_by_issue: Final = (
    _selected.where(
        _t.repository_id == bindparam("repository"), _t.issue_number == bindparam("issue")
    )
    .order_by(_t.id.desc())
    .limit(1)
)
_open: Final = _selected.where(
    _t.repository_id == bindparam("repository"), _t.resolved_at.is_(None)
).order_by(_t.id)
_write: Final = (
    update(incidents)
    .where(_t.id == bindparam("incident"))
    .values({name: bindparam(f"new_{name}") for name in ("resolved_at", "events", "value", "said")})
)
_add_event: Final = insert(incident_events)
_forget: Final = delete(incident_events).where(
    _e.incident_id == bindparam("incident"),
    _e.position > 1,
    _e.position <= bindparam("upto"),
)
_set_issue: Final = (
    update(incidents)
    .where(_t.id == bindparam("incident"))
    .values(issue_number=bindparam("number"), issue_url=bindparam("url"))
)
_timeline: Final = (
    select(_e.position, _e.at, _e.actor, _e.kind, _e.value)
    .where(_e.incident_id == bindparam("incident"))
    .order_by(_e.position.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """An incident as it is kept: what was said about it, its issue, and how many events it has."""

    incident: Incident
    said: tuple[Announcement, ...]
    events: int
    issue_number: int | None
    issue_url: str | None


def record_opening(
    tx: Transaction, place: IncidentPlace, opening: IncidentEvent, opened: Opened
) -> IncidentRecord:
    """Begin an incident."""
    values = {
        "installation_id": place.installation_id,
        "repository_id": place.repository_id,
        "environment_key": environment_key(place.environment),
        "opened_at": opening.at,
        "resolved_at": None,
        "events": 0,
        "value": b"",
        "said": b"",
        "issue_number": None,
        "issue_url": None,
    }
    added = tx.execute(insert(incidents).values(**values).returning(_t.id))
    incident_id = IncidentId(added.scalar_one())
    incident = open_incident(incident_id, place, opening.at, opened)
    record = IncidentRecord(incident, (), 0, None, None)
    return _record(tx, record, incident, [opening])


def record_events(
    tx: Transaction, record: IncidentRecord, events: Sequence[IncidentEvent]
) -> IncidentRecord:
    """Fold events into an incident, and keep them in its timeline."""
    incident = record.incident
    for event in events:
        incident = apply(incident, event)
    return _record(tx, record, incident, events)


def record_announcements(
    tx: Transaction, record: IncidentRecord, said: Sequence[Announcement]
) -> IncidentRecord:
    """Remember what was said about an incident."""
    told = replace(record, said=(*record.said, *said))
    _write_row(tx, told)
    return told


def record_issue(tx: Transaction, incident_id: IncidentId, number: int, url: str) -> None:
    """Remember the issue in which people follow an incident."""
    tx.execute(_set_issue, {"incident": incident_id, "number": number, "url": url})


def read_incident(snapshot: Snapshot, incident_id: IncidentId) -> IncidentRecord | None:
    """Read an incident."""
    return _one(snapshot.execute(_by_id, {"incident": incident_id}).first())


def lock_incident(tx: Transaction, incident_id: IncidentId) -> IncidentRecord | None:
    """Read an incident and keep others from changing it until the end of the transaction."""
    return _one(tx.execute(_locked_by_id, {"incident": incident_id}).first())


def lock_newest_incident(
    tx: Transaction, repository_id: RepositoryId, environment: str
) -> IncidentRecord | None:
    """Read an environment's newest incident, open or over, and keep others from changing it.

    Whoever adds to an incident must have locked it: a row is written as a whole.
    """
    wanted = {"repository": repository_id, "environment": environment_key(environment)}
    return _one(tx.execute(_locked_newest, wanted).first())


def incident_of_issue(
    snapshot: Snapshot, repository_id: RepositoryId, issue_number: int
) -> IncidentRecord | None:
    """Find the incident that people follow in an issue."""
    return _one(
        snapshot.execute(_by_issue, {"repository": repository_id, "issue": issue_number}).first()
    )


def open_incidents(snapshot: Snapshot, repository_id: RepositoryId) -> list[IncidentRecord]:
    """Read the incidents of a repository that go on, oldest first."""
    return [_record_of(row) for row in snapshot.execute(_open, {"repository": repository_id}).all()]


def read_timeline(
    snapshot: Snapshot, incident_id: IncidentId, limit: int
) -> list[tuple[int, IncidentEvent]]:
    """Read the newest events of an incident with their positions, in the order they happened."""
    rows = snapshot.execute(_timeline, {"incident": incident_id, "most": limit}).all()
    return [(row.position, decode_event(row)) for row in reversed(rows)]


def decode_event(row: Row[Any]) -> IncidentEvent:
    """Read an event back from its row."""
    what = msgspec.json.decode(row.value, type=_classes[row.kind])
    return IncidentEvent(row.at, row.actor, what)


def _record(
    tx: Transaction, record: IncidentRecord, incident: Incident, events: Sequence[IncidentEvent]
) -> IncidentRecord:
    for position, event in enumerate(events, record.events + 1):
        values = {
            "incident_id": incident.id,
            "position": position,
            "at": event.at,
            "actor": event.actor,
            "kind": EVENT_KINDS[type(event.what)],
            "value": encode(summarized(event.what)),
        }
        tx.execute(_add_event, values)
    last = record.events + len(events)
    if last > MOST_EVENTS:
        tx.execute(_forget, {"incident": incident.id, "upto": last - MOST_EVENTS + 1})
    changed = replace(record, incident=incident, events=record.events + len(events))
    _write_row(tx, changed)
    return changed


def _write_row(tx: Transaction, record: IncidentRecord) -> None:
    incident = record.incident
    values = {
        "incident": incident.id,
        "new_resolved_at": incident.resolved.at if incident.resolved is not None else None,
        "new_events": record.events,
        "new_value": encode(incident),
        "new_said": encode(record.said),
    }
    tx.execute(_write, values)


def _one(row: Row[Any] | None) -> IncidentRecord | None:
    return _record_of(row) if row is not None else None


def _record_of(row: Row[Any]) -> IncidentRecord:
    return IncidentRecord(
        decode_incident(row.value),
        _said.decode(row.said),
        row.events,
        row.issue_number,
        row.issue_url,
    )
