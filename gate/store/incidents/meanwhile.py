"""Read what happened to an incident while a deployment waited, by index and in bounded numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select

from gate.domain.incidents.events import IncidentEvent
from gate.domain.model.ids import RequestId, RequestKey
from gate.domain.requests.explanation.story import AlertTrace
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import alerts, incident_events, incidents
from gate.store.incidents.incidents import IncidentRecord, decode_event, read_incident

_MOST_EVENTS: Final = 100
_MOST_ALERTS: Final = 50

_a: Final = alerts.c
_e: Final = incident_events.c
_t: Final = incidents.c


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a deployment waited, both ends included; `until` is None while it waits."""

    since: datetime
    until: datetime | None

    def holds(self, at: ColumnElement[Any]) -> ColumnElement[bool]:
        """Build the condition that a time is within the wait."""
        upper = [at <= self.until] if self.until is not None else []
        return and_(at >= self.since, *upper)


@dataclass(frozen=True, slots=True)
class IncidentTrace:
    """The incident in which a deployment waited, and its newest events while it waited."""

    record: IncidentRecord
    events: tuple[IncidentEvent, ...]

    @property
    def has_more(self) -> bool:
        """Return whether more happened to the incident than the events here."""
        return len(self.events) < self.record.events


def find_incident(snapshot: Snapshot, key: RequestKey, wait: Wait) -> IncidentTrace | None:
    """Find the newest incident of the environment that was open during the wait."""
    query = (
        select(_t.id)
        .where(
            _t.repository_id == key.repository_id,
            _t.environment_key == key.environment,
            or_(_t.resolved_at.is_(None), _t.resolved_at >= wait.since),
        )
        .order_by(_t.id.desc())
        .limit(1)
    )
    if wait.until is not None:
        query = query.where(_t.opened_at <= wait.until)
    number = snapshot.scalars(query).first()
    record = read_incident(snapshot, number) if number is not None else None
    if record is None:
        return None
    rows = snapshot.execute(
        select(incident_events)
        .where(_e.incident_id == number, wait.holds(_e.at))
        .order_by(_e.position.desc())
        .limit(_MOST_EVENTS)
    ).all()
    return IncidentTrace(record, tuple(decode_event(row) for row in reversed(rows)))


def read_alerts(
    snapshot: Snapshot, request_id: RequestId, incident: IncidentTrace | None, wait: Wait
) -> tuple[AlertTrace, ...]:
    """Read the newest alerts about a request itself, and those of its incident during the wait."""
    wanted: ColumnElement[bool] = _a.incident.in_(
        [f"bypass/{request_id}", f"unanswered/{request_id}"]
    )
    if incident is not None:
        thread = f"incident/{incident.record.incident.id}"
        wanted = or_(wanted, and_(_a.incident == thread, wait.holds(_a.planned_at)))
    rows = snapshot.execute(
        select(
            _a.alert_key,
            _a.kind,
            _a.channel,
            _a.state,
            _a.planned_at,
            _a.settled_at,
            _a.attempts,
            _a.outcome,
            _a.maybe_sent,
        )
        .where(wanted)
        .order_by(_a.planned_at.desc(), _a.alert_key, _a.channel)
        .limit(_MOST_ALERTS)
    ).all()
    return tuple(AlertTrace(*row) for row in reversed(rows))
