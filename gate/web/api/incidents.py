"""Show incidents as JSON: a list, and the full story that alerts link to."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response

from gate.domain.model.ids import IncidentId
from gate.store.incidents.listing import CHOICES, FILTERS, NUMBERS, list_incidents, read_shown
from gate.web.api.lists import Listing
from gate.web.api.queries import json_answer, parse_number
from gate.web.api.readers import answer_readers
from gate.web.deps import WebDeps
from gate.web.problems import problem

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
    """Make the routes about incidents."""
    blueprint = Blueprint("incidents", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps.readers)

    @blueprint.get("/incidents")
    def listing() -> Response:
        return _INCIDENTS.answer(deps.database)

    @blueprint.get("/incidents/<written_id>")
    def single(written_id: str) -> Response:
        number = parse_number(written_id)
        found = None
        if number is not None:
            found = deps.database.read(lambda snapshot: read_shown(snapshot, IncidentId(number)))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such incident")
        return json_answer(found)

    return blueprint
