"""Show incidents as JSON: a list, and the full record that alerts link to."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response

from gate.domain.ids import IncidentId, environment_key
from gate.store.database import Snapshot
from gate.store.incident_records import (
    FILTERS,
    NUMBERS,
    OPEN,
    RESOLVED,
    list_incidents,
    read_sent_alerts,
    read_shown_timeline,
    read_summary,
)
from gate.web.deps import WebDeps
from gate.web.local import answer_locally
from gate.web.problems import problem
from gate.web.queries import BadQuery, filters, json_answer, page, parse_number


def incidents_api(deps: WebDeps) -> Blueprint:
    """Make the routes about incidents."""
    blueprint = Blueprint("incidents", __name__, url_prefix="/api/v1")
    answer_locally(blueprint)

    @blueprint.get("/incidents")
    def listing() -> Response:
        limit, before = page()
        wanted = _filters()
        found = deps.database.read(
            lambda snapshot: list_incidents(
                snapshot,
                filters=wanted,
                limit=limit + 1,  # one more than is shown, to know whether there is more
                before=IncidentId(before) if before is not None else None,
            )
        )
        items = found[:limit]
        cursor = str(items[-1].id) if len(found) > limit else None
        return json_answer({"items": items, "next_cursor": cursor})

    @blueprint.get("/incidents/<written_id>")
    def single(written_id: str) -> Response:
        incident_id = parse_number(written_id)
        found = None
        if incident_id is not None:
            found = deps.database.read(lambda snapshot: _record(snapshot, IncidentId(incident_id)))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such incident")
        return json_answer(found)

    return blueprint


def _record(snapshot: Snapshot, incident_id: IncidentId) -> dict[str, object] | None:
    """Read an incident with its timeline and what was sent about it."""
    found = read_summary(snapshot, incident_id)
    if found is None:
        return None
    shown: dict[str, object] = msgspec.to_builtins(found)
    return {
        **shown,
        "timeline": read_shown_timeline(snapshot, incident_id),
        "alerts": read_sent_alerts(snapshot, incident_id),
    }


def _filters() -> dict[str, object]:
    found = filters(FILTERS, NUMBERS)
    if found.get("state", OPEN) not in {OPEN, RESOLVED}:
        raise BadQuery(f"state must be {OPEN} or {RESOLVED}")
    if "environment" in found:
        found["environment_key"] = environment_key(str(found.pop("environment")))
    return found
