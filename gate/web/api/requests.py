"""Show gate requests as JSON: a list, and the full record that comments link to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import msgspec
from flask import Blueprint, Response

from gate.domain.model.access import Visible
from gate.domain.model.ids import RepositoryId, RequestId, environment_key
from gate.domain.requests.explanation.concealment import conceal_policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import may_see_owners
from gate.store.github.repositories import read_repository
from gate.store.requests import decisions, ledger
from gate.store.requests.listing import (
    CHOICES,
    FILTERS,
    NUMBERS,
    RequestRecord,
    list_records,
    read_record,
)
from gate.web.api.lists import Listing, answer_item
from gate.web.api.readers import answer_readers, visible_to_reader
from gate.web.deps import WebDeps


def requests_api(deps: WebDeps) -> Blueprint:
    """Build the routes about requests."""
    blueprint = Blueprint("requests", __name__, url_prefix="/api/v1")
    answer_readers(blueprint, deps)

    @blueprint.get("/requests")
    def listing() -> Response:
        return _REQUESTS.answer(deps.database, visible_to_reader())

    @blueprint.get("/requests/<written_id>")
    def single(written_id: str) -> Response:
        return answer_item(deps.database, written_id, _read_request, visible_to_reader(), "request")

    return blueprint


def _read_request(snapshot: Snapshot, number: int, visible: Visible) -> dict[str, object] | None:
    """Read a request with every decision on it and every effect of them."""
    request_id = RequestId(number)
    found = read_record(snapshot, request_id, visible)
    if found is None:
        return None
    made = decisions.decisions_of(snapshot, request_id)
    if not _sees_organizations(snapshot, found, visible):
        made = [replace(it, decision=conceal_policy(it.decision, it.basis)) for it in made]
    return {
        **_shown(found),
        "decisions": msgspec.to_builtins(made),
        "effects": msgspec.to_builtins(ledger.read_ledger(snapshot, request_id).entries),
    }


def _sees_organizations(snapshot: Snapshot, record: RequestRecord, visible: Visible) -> bool:
    """Return whether a reader may see the organization's policy of a request."""
    repository = read_repository(snapshot, RepositoryId(record.repository_id))
    return repository is not None and may_see_owners(snapshot, repository.owner.id, visible)


def _shown(record: RequestRecord) -> dict[str, object]:
    """Return a request as the API shows it."""
    shown: dict[str, object] = msgspec.to_builtins(record)
    return shown


def listed_request(record: RequestRecord) -> dict[str, object]:
    """Return a request as a list shows it: without the flows, of which there may be thousands."""
    shown = _shown(record)
    evidence = shown["evidence"]
    if isinstance(evidence, dict):
        del evidence["report"], evidence["comparison"]
    return shown


def _list(
    snapshot: Snapshot,
    *,
    filters: Mapping[str, object],
    limit: int,
    before: RequestId | None,
    visible: Visible,
) -> list[RequestRecord]:
    """List requests; the name of an environment is compared in any case, as GitHub does."""
    wanted = dict(filters)
    if "environment" in wanted:
        wanted["environment_key"] = environment_key(str(wanted.pop("environment")))
    return list_records(snapshot, filters=wanted, limit=limit, before=before, visible=visible)


_REQUESTS: Final = Listing(
    fields=FILTERS,
    numbers=NUMBERS,
    choices=CHOICES,
    read=_list,
    to_id=RequestId,
    id_of=lambda record: record.id,
    show=listed_request,
)
