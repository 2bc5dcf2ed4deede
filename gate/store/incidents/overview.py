"""Read the list of incidents as its page shows them: open ones first, then the newest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select

from gate.domain.incidents.incident import Incident
from gate.domain.model.access import Visible
from gate.domain.model.ids import IncidentId, RepositoryId, environment_key
from gate.store.engine.codec import decode_incident
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.visibility import only_visible

OPEN: Final = "open"
RESOLVED: Final = "resolved"
STATES: Final = (OPEN, RESOLVED)

_t: Final = incidents.c


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents are wanted; None is any. `since` and `until` are about the opening."""

    repository_id: RepositoryId | None = None
    environment: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentCursor:
    """The last incident of a page: open ones come before all others, then newer before older."""

    is_open: bool
    id: IncidentId


@dataclass(frozen=True, slots=True)
class ListedIncident:
    """An incident with the repository's name and its issue."""

    incident: Incident
    repository: str
    issue_url: str | None

    @property
    def cursor(self) -> IncidentCursor:
        """Return the cursor behind this incident."""
        return IncidentCursor(self.incident.is_open, self.incident.id)


def list_overview(
    snapshot: Snapshot,
    wanted: IncidentFilter,
    visible: Visible,
    *,
    limit: int,
    after: IncidentCursor | None = None,
) -> list[ListedIncident]:
    """List at most `limit` incidents, from the one after the cursor on."""
    query = _narrowed(wanted, visible)
    found: list[ListedIncident] = []
    if wanted.state != RESOLVED and (after is None or after.is_open):
        of_open = query.where(_t.resolved_at.is_(None))
        found += _page(snapshot, of_open, limit, after.id if after is not None else None)
    if wanted.state != OPEN and len(found) < limit:
        last = after.id if after is not None and not after.is_open else None
        of_resolved = query.where(_t.resolved_at.is_not(None))
        found += _page(snapshot, of_resolved, limit - len(found), last)
    return found


def read_listed(
    snapshot: Snapshot, incident_id: IncidentId, visible: Visible
) -> ListedIncident | None:
    """Read one incident; None where there is none that the reader may see."""
    query = only_visible(_query(), _t.repository_id, visible).where(_t.id == incident_id)
    row = snapshot.execute(query).one_or_none()
    return _listed(row) if row is not None else None


def _page(
    snapshot: Snapshot, query: Select[Any], limit: int, before: IncidentId | None
) -> list[ListedIncident]:
    if before is not None:
        query = query.where(_t.id < before)
    rows = snapshot.execute(query.order_by(_t.id.desc()).limit(limit)).all()
    return [_listed(row) for row in rows]


def _narrowed(wanted: IncidentFilter, visible: Visible) -> Select[Any]:
    query = only_visible(_query(), _t.repository_id, visible)
    if wanted.repository_id is not None:
        query = query.where(_t.repository_id == wanted.repository_id)
    if wanted.environment is not None:
        query = query.where(_t.environment_key == environment_key(wanted.environment))
    if wanted.since is not None:
        query = query.where(_t.opened_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(_t.opened_at < wanted.until)
    return query


def _query() -> Select[*tuple[Any, ...]]:
    return select(_t.value, _t.issue_url, repositories.c.full_name).join(
        repositories, repositories.c.repository_id == _t.repository_id
    )


def _listed(row: Row[Any]) -> ListedIncident:
    return ListedIncident(decode_incident(row.value), row.full_name, row.issue_url)
