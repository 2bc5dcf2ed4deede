"""Show the trail as JSON, newest entry first."""

from __future__ import annotations

from flask import Blueprint, Response

from gate.store.audit.trail import FILTERS, NUMBERS, list_entries
from gate.web.api.queries import by_id, filters, page, page_answer
from gate.web.api.readers import answer_readers
from gate.web.deps import WebDeps


def audit_api(deps: WebDeps) -> Blueprint:
    """Make the route of the trail."""
    blueprint = Blueprint("audit", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps.readers)

    @blueprint.get("/audit")
    def listing() -> Response:
        limit, before = page()
        wanted = filters(FILTERS, NUMBERS)
        found = deps.database.read(
            lambda snapshot: list_entries(
                snapshot,
                filters=by_id(snapshot, wanted),
                limit=limit + 1,  # one more than is shown, to know whether there is more
                before=before,
            )
        )
        return page_answer(found, limit, lambda item: item.fields, lambda item: item.place)

    return blueprint
