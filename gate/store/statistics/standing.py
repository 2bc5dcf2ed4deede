"""Read how the gate's own work stands, as far as a reader may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gate.domain.model.access import Visible
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.incidents import incidents
from gate.store.engine.tables.requests import gate_requests
from gate.store.engine.visibility import only_visible
from gate.store.inbox import deliveries
from gate.store.requests.requests import IS_UNDECIDED
from gate.store.statistics import gauges
from gate.store.statistics.gauges import Backlog


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits. `requests` and `incidents` are those that the reader may see.

    `looked_at` and `overdue` are when any repository was swept last, and when the one was that was
    not swept for longest; None before the first sweep.
    """

    requests: Backlog
    incidents: Backlog
    unread: datetime | None
    outbox: Mapping[str, Backlog]
    recent: Mapping[tuple[str, str], int]
    looked_at: datetime | None
    overdue: datetime | None


def read_standing(snapshot: Snapshot, visible: Visible, now: datetime) -> Standing:
    """Read what waits."""
    t, i, looked = gate_requests.c, incidents.c, repositories.c.looked_at
    waiting = select(func.count(), func.min(t.waiting_since)).where(IS_UNDECIDED)
    failing = select(func.count(), func.min(i.opened_at)).where(i.resolved_at.is_(None))
    held = snapshot.execute(only_visible(waiting, t.repository_id, visible)).one()
    going_on = snapshot.execute(only_visible(failing, i.repository_id, visible)).one()
    return Standing(
        Backlog(held[0], held[1]),
        Backlog(going_on[0], going_on[1]),
        deliveries.oldest_unread(snapshot),
        gauges.read_outbox(snapshot),
        gauges.read_recent_alerts(snapshot, now),
        snapshot.execute(select(func.max(looked))).scalar_one(),
        snapshot.execute(select(func.min(looked))).scalar_one(),
    )
