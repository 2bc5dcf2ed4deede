"""Read incidents as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, select

from gate.domain.incidents.events import Failure
from gate.domain.incidents.incident import Incident, Word
from gate.domain.model.access import Visible
from gate.domain.model.ids import IncidentId, environment_key
from gate.store.engine.codec import decode_incident
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.incidents import alerts, incidents
from gate.store.engine.visibility import only_visible
from gate.store.incidents.incidents import EVENT_KINDS, read_timeline

FILTERS: Final = ("repository", "repository_id", "installation_id", "environment", "state")
"""The fields by which incidents can be narrowed down."""

NUMBERS: Final = frozenset({"repository_id", "installation_id"})
"""The filters whose values are numbers."""

_OPEN: Final = "open"
_RESOLVED: Final = "resolved"

CHOICES: Final = {"state": (_OPEN, _RESOLVED)}
"""The filters that have few values, and these."""

_NEWEST_EVENTS: Final = 200

_t: Final = incidents.c


Noted = Mapping[str, object]
"""By whom something was settled, when and why; of a decision the `course`, of an end `how`."""


@dataclass(frozen=True, slots=True)
class ShownIncident:
    """An incident with the repository's name. `issue_url` is null where it has no issue."""

    id: IncidentId
    repository: str
    repository_id: int
    environment: str
    state: str
    opened_at: datetime
    alerted_at: datetime | None
    acknowledged: Noted | None
    decided: Noted | None
    resolved: Noted | None
    silenced_until: datetime | None
    failures: int
    reopenings: int
    failure: Failure
    issue_url: str | None


def list_incidents(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    limit: int,
    before: IncidentId | None,
    visible: Visible,
) -> list[ShownIncident]:
    """List incidents, newest first, from the one before `before` on."""
    query = _query(visible).order_by(_t.id.desc()).limit(limit)
    for name, value in filters.items():
        if name == "state":
            query = query.where(_is_in(value))
        elif name == "environment":
            query = query.where(_t.environment_key == environment_key(str(value)))
        else:
            query = query.where(_t[name] == value)
    if before is not None:
        query = query.where(_t.id < before)
    return [_shown(row) for row in snapshot.execute(query)]


def read_shown(
    snapshot: Snapshot, incident_id: IncidentId, visible: Visible
) -> dict[str, Any] | None:
    """Read one incident with its newest events, and with what each channel was told.

    None when there is none, or when it may not be seen.
    """
    row = snapshot.execute(_query(visible).where(_t.id == incident_id)).one_or_none()
    if row is None:
        return None
    shown: dict[str, Any] = msgspec.to_builtins(_shown(row))
    return shown | {
        "timeline": _timeline(snapshot, incident_id),
        "alerts": _alerts(snapshot, incident_id),
    }


def _is_in(state: object) -> Any:  # noqa: ANN401 - a condition
    """Narrow down to a state, one of `CHOICES`."""
    return _t.resolved_at.is_(None) if state == _OPEN else _t.resolved_at.is_not(None)


def _timeline(snapshot: Snapshot, incident_id: IncidentId) -> list[dict[str, Any]]:
    return [
        {
            "position": position,
            "at": event.at,
            "actor": event.actor,
            "kind": EVENT_KINDS[type(event.what)],
            "detail": msgspec.to_builtins(event.what),
        }
        for position, event in read_timeline(snapshot, incident_id, _NEWEST_EVENTS)
    ]


def _alerts(snapshot: Snapshot, incident_id: IncidentId) -> list[dict[str, Any]]:
    query = (
        select(
            alerts.c.alert_key,
            alerts.c.channel,
            alerts.c.kind,
            alerts.c.planned_at,
            alerts.c.state,
            alerts.c.attempts,
            alerts.c.outcome,
            alerts.c.settled_at,
        )
        .where(alerts.c.incident == f"incident/{incident_id}")
        .order_by(alerts.c.planned_at, alerts.c.alert_key, alerts.c.channel)
    )
    return [dict(row._mapping) for row in snapshot.execute(query)]  # noqa: SLF001 - its public name


def _query(visible: Visible) -> Any:  # noqa: ANN401 - a select over two tables
    query = select(_t.value, _t.issue_url, repositories.c.full_name).join(
        repositories, repositories.c.repository_id == _t.repository_id
    )
    return only_visible(query, _t.repository_id, visible)


def _shown(row: Row[Any]) -> ShownIncident:
    incident: Incident = decode_incident(row.value)
    return ShownIncident(
        id=incident.id,
        repository=row.full_name,
        repository_id=incident.place.repository_id,
        environment=incident.place.environment,
        state=_OPEN if incident.is_open else _RESOLVED,
        opened_at=incident.opened_at,
        alerted_at=incident.alerted_at,
        acknowledged=_noted(incident.acknowledged),
        decided=_noted(incident.decided, course=incident.course),
        resolved=_noted(incident.resolved, how=incident.how),
        silenced_until=incident.silenced_until,
        failures=incident.failures,
        reopenings=incident.reopenings,
        failure=incident.failure,
        issue_url=row.issue_url,
    )


def _noted(word: Word | None, **what: str | None) -> Noted | None:
    if word is None:
        return None
    # An acknowledgement has no words of its own.
    return {"at": word.at, "by": word.actor, **(what | {"why": word.why} if what else {})}
