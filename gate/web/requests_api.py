"""Show gate requests as JSON: a list, and the full record that comments link to.

There is no sign-in yet, so only a caller on this machine is answered. The socket's own address
decides; a caller that came through a proxy is not local, whatever the proxy's address.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

import msgspec
from flask import Blueprint, Response, request

from gate.domain.ids import RequestId
from gate.store import decisions, ledger
from gate.store.database import Snapshot
from gate.store.records import FILTERS, NUMBERS, RequestRecord, list_records, read_record
from gate.web.deps import WebDeps
from gate.web.problems import problem

_LIMIT: Final = 50
_MOST: Final = 200
_LARGEST: Final = 2**63 - 1
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


class _BadQuery(ValueError):
    """A query parameter that cannot be understood; its text names it."""


def requests_api(deps: WebDeps) -> Blueprint:
    """Make the routes about requests."""
    blueprint = Blueprint("requests", __name__, url_prefix="/api/v1")

    @blueprint.before_request
    def local_only() -> Response | None:
        if _is_local():
            return None
        detail = "until sign-in is configured, this answers on loopback only"
        return problem(HTTPStatus.FORBIDDEN, "sign_in_not_configured", detail)

    @blueprint.errorhandler(_BadQuery)
    def bad_query(error: _BadQuery) -> Response:
        return problem(HTTPStatus.BAD_REQUEST, "bad_query", str(error))

    @blueprint.get("/requests")
    def listing() -> Response:
        limit = min(_number("limit", _LIMIT), _MOST)
        before = _number("cursor", 0)
        filters = _filters()
        items = deps.database.read(
            lambda snapshot: list_records(
                snapshot,
                filters=filters,
                limit=limit,
                before=RequestId(before) if before else None,
            )
        )
        cursor = str(items[-1].id) if len(items) == limit else None
        return _json({"items": [_shown(item) for item in items], "next_cursor": cursor})

    @blueprint.get("/requests/<int:request_id>")
    def single(request_id: int) -> Response:
        found = None
        if request_id <= _LARGEST:
            found = deps.database.read(lambda snapshot: _record(snapshot, RequestId(request_id)))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found", f"there is no request {request_id}")
        return _json(found)

    return blueprint


def _record(snapshot: Snapshot, request_id: RequestId) -> dict[str, object] | None:
    """Read a request with every decision on it and every effect of them."""
    found = read_record(snapshot, request_id)
    if found is None:
        return None
    made = decisions.decisions_of(snapshot, request_id)
    return {
        **_shown(found),
        "decisions": msgspec.to_builtins(made),
        "effects": msgspec.to_builtins(ledger.read_ledger(snapshot, request_id).entries),
    }


def _shown(record: RequestRecord) -> dict[str, object]:
    """Give a request as the API shows it; there are no overrides in this release."""
    shown: dict[str, object] = msgspec.to_builtins(record)
    return {**shown, "override": None}


def _filters() -> dict[str, object]:
    filters: dict[str, object] = {}
    for name in request.args:
        if name in {"limit", "cursor"}:
            continue
        if name not in FILTERS:
            known = ", ".join(FILTERS)
            msg = f"{name} is no field to filter by; there are {known}"
            raise _BadQuery(msg)
        filters[name] = _number(name, 0) if name in NUMBERS else request.args[name]
    return filters


def _number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:20]) <= _LARGEST:
        msg = f"{name} must be a whole number above zero"
        raise _BadQuery(msg)
    return int(text)


def _is_local() -> bool:
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
