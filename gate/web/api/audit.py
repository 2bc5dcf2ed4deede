"""Show the trail as JSON, newest entry first."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from gate.domain.audit.kinds import KINDS
from gate.store.audit.trail import FILTERS, NUMBERS, list_entries
from gate.web.api.lists import Listing
from gate.web.api.readers import answer_readers, visible_to_reader
from gate.web.deps import WebDeps

_ENTRIES: Final = Listing(
    fields=FILTERS,
    numbers=NUMBERS,
    choices={"kind": KINDS},
    read=list_entries,
    to_id=int,
    id_of=lambda entry: entry.place,
    show=lambda entry: entry.fields,
)


def audit_api(deps: WebDeps) -> Blueprint:
    """Build the route of the trail."""
    blueprint = Blueprint("audit", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps)

    @blueprint.get("/audit")
    def listing() -> Response:
        return _ENTRIES.answer(deps.database, visible_to_reader())

    return blueprint
