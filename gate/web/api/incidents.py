"""Show incidents as JSON: a list, and the full story that alerts link to."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from gate.domain.model.access import Visible
from gate.domain.model.ids import IncidentId
from gate.store.engine.database import Snapshot
from gate.store.incidents.listing import CHOICES, FILTERS, NUMBERS, list_incidents, read_shown
from gate.web.api.lists import Listing, answer_item
from gate.web.api.readers import answer_readers, visible_to_reader
from gate.web.deps import WebDeps

_INCIDENTS: Final = Listing(
    fields=FILTERS,
    numbers=NUMBERS,
    choices=CHOICES,
    read=list_incidents,
    to_id=IncidentId,
    id_of=lambda incident: incident.id,
    show=lambda incident: incident,
)


def incidents_api(deps: WebDeps) -> Blueprint:
    """Build the routes about incidents."""
    blueprint = Blueprint("incidents", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps)

    @blueprint.get("/incidents")
    def listing() -> Response:
        return _INCIDENTS.answer(deps.database, visible_to_reader())

    @blueprint.get("/incidents/<written_id>")
    def single(written_id: str) -> Response:
        return answer_item(
            deps.database, written_id, _read_incident, visible_to_reader(), "incident"
        )

    return blueprint


def _read_incident(snapshot: Snapshot, number: int, visible: Visible) -> dict[str, object] | None:
    return read_shown(snapshot, IncidentId(number), visible)
