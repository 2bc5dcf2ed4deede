"""Read incidents as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Row, Select, select

from gate.domain.ids import IncidentId
from gate.domain.incidents import Failure, Incident, IncidentEvent, Word
from gate.store.database import Snapshot
from gate.store.incidents import EVENT_KINDS, read_timeline
from gate.store.tables import alerts, incidents, repositories

FILTERS: Final = ("repository", "repository_id", "environment", "state", "installation_id")
"""The fields by which incidents can be narrowed down."""

NUMBERS: Final = frozenset({"repository_id", "installation_id"})
"""The filters whose values are numbers."""

OPEN: Final = "open"
RESOLVED: Final = "resolved"

_TIMELINE: Final = 200
"""Events of one incident that are shown, the newest."""

_t: Final = incidents.c
_incident: Final = msgspec.json.Decoder(Incident)


@dataclass(frozen=True, slots=True)
class IncidentSummary:
    """An incident with the repository's name, as a list shows it.

    Texts in `failure` and the reasons people gave are hostile text.
    """

    id: IncidentId
    repository: str
    repository_id: int
    environment: str
    state: str
    opened_at: datetime
    alerted_at: datetime | None
    acknowledged: Mapping[str, object] | None
    decided: Mapping[str, object] | None
    resolved: Mapping[str, object] | None
    failure: Failure
    failures: int
    reopenings: int
    issue_url: str | None


@dataclass(frozen=True, slots=True)
class SentAlert:
    """A message about an incident to one channel, and what became of it."""

    key: str
    kind: str
    channel: str
    planned_at: datetime
    state: str
    attempts: int
    outcome: str | None
    settled_at: datetime | None


def list_incidents(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    limit: int,
    before: IncidentId | None,
) -> list[IncidentSummary]:
    """List incidents, newest first, from the one before `before` on."""
    query = _query().order_by(_t.id.desc()).limit(limit)
    for name, value in filters.items():
        query = _narrowed(query, name, value)
    if before is not None:
        query = query.where(_t.id < before)
    return [_summary(row) for row in snapshot.execute(query)]


def read_summary(snapshot: Snapshot, incident_id: IncidentId) -> IncidentSummary | None:
    """Read one incident."""
    row = snapshot.execute(_query().where(_t.id == incident_id)).one_or_none()
    return _summary(row) if row is not None else None


def read_shown_timeline(snapshot: Snapshot, incident_id: IncidentId) -> list[dict[str, object]]:
    """Read the newest events of an incident, in the order they happened."""
    found = read_timeline(snapshot, incident_id, _TIMELINE)
    return [{"position": position, **_shown(event)} for position, event in found]


def read_sent_alerts(snapshot: Snapshot, incident_id: IncidentId) -> list[SentAlert]:
    """Read what was to be sent about an incident to which channel, oldest first."""
    a = alerts.c
    query = (
        select(
            a.alert_key,
            a.kind,
            a.channel,
            a.planned_at,
            a.state,
            a.attempts,
            a.outcome,
            a.settled_at,
        )
        .where(a.incident == f"incident/{incident_id}")
        .order_by(a.planned_at, a.alert_key, a.channel)
    )
    return [SentAlert(*row) for row in snapshot.execute(query)]


def _query() -> Select[Any]:
    return select(_t.id, _t.repository_id, _t.value, _t.issue_url, repositories.c.full_name).join(
        repositories, repositories.c.repository_id == _t.repository_id
    )


def _narrowed(query: Select[Any], name: str, value: object) -> Select[Any]:
    if name == "repository":
        return query.where(repositories.c.full_name == value)
    if name == "state":
        is_open = _t.resolved_at.is_(None)
        return query.where(is_open if value == OPEN else ~is_open)
    return query.where(_t[name] == value)


def _summary(row: Row[Any]) -> IncidentSummary:
    incident = _incident.decode(row.value)
    return IncidentSummary(
        id=IncidentId(row.id),
        repository=row.full_name,
        repository_id=row.repository_id,
        environment=incident.place.environment,
        state=OPEN if incident.is_open else RESOLVED,
        opened_at=incident.opened_at,
        alerted_at=incident.alerted_at,
        acknowledged=_said(incident.acknowledged),
        decided=_said(incident.decided, course=incident.course, why=True),
        resolved=_said(incident.resolved, how=incident.how, why=True),
        failure=incident.failure,
        failures=incident.failures,
        reopenings=incident.reopenings,
        issue_url=row.issue_url,
    )


def _said(word: Word | None, *, why: bool = False, **more: object) -> Mapping[str, object] | None:
    """Give when and by whom, with what else belongs to it; None when nobody did."""
    if word is None:
        return None
    return {"at": word.at, "by": word.actor, **more, **({"why": word.why} if why else {})}


def _shown(event: IncidentEvent) -> dict[str, object]:
    return {
        "at": event.at,
        "by": event.actor,
        "kind": EVENT_KINDS[type(event.what)],
        "detail": asdict(event.what),
    }
