"""Count the incidents that are open."""

from __future__ import annotations

from sqlalchemy import func, select

from gate.domain.model.access import Visible
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.visibility import only_visible


def count_open(snapshot: Snapshot, visible: Visible) -> int:
    """Return how many open incidents a reader may see."""
    query = select(func.count()).select_from(incidents).where(incidents.c.resolved_at.is_(None))
    shown = only_visible(query, incidents.c.repository_id, visible)
    return int(snapshot.execute(shown).scalar_one())
