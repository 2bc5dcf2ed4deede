"""Show incidents as JSON: a list, and the full story that alerts link to."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response

from gate.domain.model.ids import IncidentId
from gate.store.incidents.listing import CHOICES, FILTERS, NUMBERS, list_incidents, read_shown
from gate.web.api.queries import by_id, filters, json_answer, page, page_answer, parse_number
from gate.web.api.readers import answer_readers
from gate.web.deps import WebDeps
from gate.web.problems import problem


def incidents_api(deps: WebDeps) -> Blueprint:
    """Make the routes about incidents."""
    blueprint = Blueprint("incidents", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps.readers)

    @blueprint.get("/incidents")
    def listing() -> Response:
        limit, before = page()
        wanted = filters(FILTERS, NUMBERS, CHOICES)
        found = deps.database.read(
            lambda snapshot: list_incidents(
                snapshot,
                filters=by_id(snapshot, wanted),
                limit=limit + 1,  # one more than is shown, to know whether there is more
                before=IncidentId(before) if before is not None else None,
            )
        )
        return page_answer(found, limit, lambda item: item, lambda item: item.id)

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
