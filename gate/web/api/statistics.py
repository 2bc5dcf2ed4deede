"""Show the metrics of a period as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from flask import Blueprint, Response

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId
from gate.domain.statistics.document import render_document
from gate.domain.statistics.metrics import measure
from gate.domain.statistics.record import Period
from gate.domain.text.instants import EXPECTED, parse_instant
from gate.store.engine.database import Snapshot
from gate.store.statistics.record import read_record
from gate.store.statistics.scope import Scope
from gate.web.api.queries import BadQuery, by_id, filters, json_answer
from gate.web.api.readers import answer_readers, visible_to_reader
from gate.web.deps import WebDeps

FILTERS: Final = ("since", "until", "repository", "repository_id", "environment")

_SINCE: Final = "30d"


def statistics_api(deps: WebDeps) -> Blueprint:
    """Build the route of the metrics."""
    blueprint = Blueprint("statistics", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps)

    @blueprint.get("/stats")
    def stats() -> Response:
        wanted = filters(FILTERS, {"repository_id"})
        period = _period(wanted, deps.clock())
        visible = visible_to_reader()
        record = deps.database.read(
            lambda snapshot: read_record(snapshot, period, _scope(snapshot, wanted, visible))
        )
        return json_answer(render_document(measure(record, period)))

    return blueprint


def _period(wanted: dict[str, object], now: datetime) -> Period:
    period = Period(
        _instant("since", str(wanted.get("since", _SINCE)), now),
        _instant("until", str(wanted["until"]), now) if "until" in wanted else now,
    )
    if period.since >= period.until:
        raise BadQuery("since must be before until")
    return period


def _instant(name: str, text: str, now: datetime) -> datetime:
    found = parse_instant(text, now)
    if found is None:
        raise BadQuery(f"{name} must be {EXPECTED}")
    return found


def _scope(snapshot: Snapshot, wanted: dict[str, object], visible: Visible) -> Scope:
    environment = str(wanted["environment"]) if "environment" in wanted else None
    repository_id = by_id(snapshot, wanted, visible).get("repository_id")
    if repository_id is None:
        return Scope(visible, None, environment)
    return Scope(visible, RepositoryId(int(str(repository_id))), environment)
