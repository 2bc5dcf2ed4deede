"""Read what became of incidents: how they were resolved, and what people did about them."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select

from gate.domain.incidents.events import IncidentEvent, Resolution
from gate.domain.incidents.incident import GATE
from gate.domain.model.ids import IncidentId
from gate.domain.statistics.record import IncidentStory, Period
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.incidents import incident_events, incidents
from gate.store.incidents.incidents import decode_event
from gate.store.statistics.scope import Scope, during, within

_DEEDS: Final = ("acknowledged", "decided", "silenced", "overridden", "resolved")

_t: Final = incidents.c
_e: Final = incident_events.c


class _Incident(msgspec.Struct):
    """What counts of an incident; the rest, which may be long, is passed over."""

    how: Resolution | None = None


class _Message(msgspec.Struct):
    """What counts of a message about an incident."""

    at: datetime


_incident: Final = msgspec.json.Decoder(_Incident)
_messages: Final = msgspec.json.Decoder(tuple[_Message, ...])


def read_stories(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[IncidentStory, ...]:
    """Read the incidents that were opened in the period, oldest first."""
    opened = during(period, _t.opened_at)
    events = (
        select(_e.incident_id, _e.at, _e.actor, _e.kind, _e.value)
        .join(incidents, _t.id == _e.incident_id)
        .where(*opened, _e.kind.in_(_DEEDS), _e.actor != GATE)
        .order_by(_e.incident_id, _e.position)
    )
    deeds: dict[IncidentId, list[IncidentEvent]] = defaultdict(list)
    for row in snapshot.execute(within(events, _t, scope)):
        deeds[row.incident_id].append(decode_event(row))
    query = select(_t.id, _t.opened_at, _t.resolved_at, _t.value, _t.said).where(*opened)
    found = snapshot.execute(within(query, _t, scope).order_by(_t.id))
    return tuple(
        IncidentStory(
            row.opened_at,
            row.resolved_at,
            _incident.decode(row.value).how,
            tuple(deeds[row.id]),
            tuple(it.at for it in _messages.decode(row.said)),
        )
        for row in found
    )
