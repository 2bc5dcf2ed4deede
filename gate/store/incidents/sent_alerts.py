"""Read what each channel was told about an incident, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from gate.domain.model.ids import IncidentId
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import alerts

_t: Final = alerts.c


@dataclass(frozen=True, slots=True)
class SentAlert:
    """A message to one channel; `due_at` is when it is tried next, None once it is settled."""

    key: str
    channel: str
    kind: str
    planned_at: datetime
    state: str
    attempts: int
    outcome: str | None
    maybe_sent: bool
    due_at: datetime | None
    settled_at: datetime | None


def read_sent_alerts(snapshot: Snapshot, incident_id: IncidentId, most: int) -> list[SentAlert]:
    """Read the newest messages about an incident, the newest first."""
    query = (
        select(
            _t.alert_key.label("key"),
            _t.channel,
            _t.kind,
            _t.planned_at,
            _t.state,
            _t.attempts,
            _t.outcome,
            _t.maybe_sent,
            _t.due_at,
            _t.settled_at,
        )
        .where(_t.incident == f"incident/{incident_id}")
        .order_by(_t.planned_at.desc(), _t.alert_key.desc(), _t.channel)
        .limit(most)
    )
    return [SentAlert(**row._mapping) for row in snapshot.execute(query)]  # noqa: SLF001 - its public name
