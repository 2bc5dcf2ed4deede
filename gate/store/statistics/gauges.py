"""Read the numbers about incidents and alerts that every scrape of the metrics asks for.

Each is one look at an index that holds little: what is open, what is owed, what is a day old.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, select

from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import alerts, incidents

RECENT: Final = timedelta(days=1)
"""How long what became of an alert is counted."""

_a: Final = alerts.c
_owed: Final = (
    select(_a.channel, func.count().label("messages"), func.min(_a.planned_at).label("oldest"))
    .where(_a.due_at.is_not(None))
    .group_by(_a.channel)
)
_recent: Final = (
    select(_a.channel, _a.state, func.count().label("messages"))
    .where(_a.planned_at >= bindparam("since"))
    .group_by(_a.channel, _a.state)
)
_open: Final = select(
    func.count().label("incidents"), func.min(incidents.c.opened_at).label("oldest")
).where(incidents.c.resolved_at.is_(None))


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many there are, and since when the oldest is; None when there are none."""

    count: int
    oldest: datetime | None


def read_open_incidents(snapshot: Snapshot) -> Backlog:
    """Count the incidents that go on."""
    row = snapshot.execute(_open, {}).one()
    return Backlog(row.incidents, row.oldest)


def read_outbox(snapshot: Snapshot) -> Mapping[str, Backlog]:
    """Count the messages that each channel is owed; a channel that is owed none is left out."""
    rows = snapshot.execute(_owed, {}).all()
    return {row.channel: Backlog(row.messages, row.oldest) for row in rows}


def read_recent_alerts(snapshot: Snapshot, now: datetime) -> Mapping[tuple[str, str], int]:
    """Count the messages planned within the last day by channel and by what became of them."""
    rows = snapshot.execute(_recent, {"since": now - RECENT}).all()
    return {(row.channel, row.state): row.messages for row in rows}
