"""Count and read the incidents that are open."""

from __future__ import annotations

from sqlalchemy import func, select

from gate.domain.incidents.incident import Incident
from gate.domain.model.access import Visible
from gate.store.engine.codec import decode_incident
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.visibility import only_visible


def count_open(snapshot: Snapshot, visible: Visible) -> int:
    """Return how many open incidents a reader may see."""
    query = select(func.count()).select_from(incidents).where(incidents.c.resolved_at.is_(None))
    shown = only_visible(query, incidents.c.repository_id, visible)
    return int(snapshot.execute(shown).scalar_one())


def read_open(snapshot: Snapshot, visible: Visible, limit: int) -> list[Incident]:
    """Read the newest open incidents that a reader may see."""
    query = (
        select(incidents.c.value)
        .where(incidents.c.resolved_at.is_(None))
        .order_by(incidents.c.id.desc())
        .limit(limit)
    )
    shown = only_visible(query, incidents.c.repository_id, visible)
    return [decode_incident(value) for value in snapshot.scalars(shown)]
