"""Show gate requests as JSON: a list, and the full record that comments link to.

There is no sign-in yet, so only a caller on this machine is answered. The socket's own address
decides; a caller that came through a proxy is not local, whatever the proxy's address, and neither
is one that asks for a public name: a web page could have sent a browser on this machine here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

import msgspec
from flask import Blueprint, Response, request

from gate.domain.ids import RequestId, environment_key
from gate.store import decisions, ledger
from gate.store.database import Snapshot
from gate.store.records import FILTERS, NUMBERS, RequestRecord, list_records, read_record
from gate.web.deps import WebDeps
from gate.web.problems import problem

_LIMIT: Final = 50
_MOST: Final = 200
_LARGEST: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
_PROXIED: Final = frozenset({"Forwarded", "Via", "X-Real-Ip"})
_PROXIED_PREFIX: Final = "X-Forwarded-"


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
        found = deps.database.read(
            lambda snapshot: list_records(
                snapshot,
                filters=filters,
                limit=limit + 1,  # one more than is shown, to know whether there is more
                before=RequestId(before) if before else None,
            )
        )
        items = found[:limit]
        cursor = str(items[-1].id) if len(found) > limit else None
        return _json({"items": [_shown(item) for item in items], "next_cursor": cursor})

    @blueprint.get("/requests/<written_id>")
    def single(written_id: str) -> Response:
        request_id = _parse_number(written_id)
        found = None
        if request_id is not None:
            found = deps.database.read(lambda snapshot: _record(snapshot, RequestId(request_id)))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "not_found", "there is no such request")
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
    """Give a request as the API shows it."""
    shown: dict[str, object] = msgspec.to_builtins(record)
    return shown


def _filters() -> dict[str, object]:
    filters: dict[str, object] = {}
    for name in request.args:
        if name in {"limit", "cursor"}:
            continue
        if name not in FILTERS:
            known = ", ".join(FILTERS)
            msg = f"{name} is no field to filter by; there are {known}"
            raise _BadQuery(msg)
        if name == "environment":
            filters["environment_key"] = environment_key(_text(name))
        else:
            filters[name] = _number(name, 0) if name in NUMBERS else _text(name)
    return filters


def _text(name: str) -> str:
    text = request.args[name]
    if "\0" in text:
        # PostgreSQL takes no such text, not even to compare with.
        msg = f"{name} must be text"
        raise _BadQuery(msg)
    return text


def _number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    number = _parse_number(text)
    if number is None:
        msg = f"{name} must be a whole number above zero"
        raise _BadQuery(msg)
    return number


def _parse_number(text: str) -> int | None:
    """Read a number that the database can hold and that may be an id."""
    if _NUMBER.fullmatch(text) is None:
        return None
    number = int(text)
    return number if 0 < number <= _LARGEST else None


def _is_local() -> bool:
    if any(name in _PROXIED or name.startswith(_PROXIED_PREFIX) for name in _header_names()):
        return False
    host = _asked_host()
    return _is_loopback(request.remote_addr) and (host == "localhost" or _is_loopback(host))


def _header_names() -> Iterator[str]:
    return (name.title() for name in request.headers.keys())  # noqa: SIM118  # iterating gives pairs


def _asked_host() -> str | None:
    """Give the name the caller asked for, without its port; None when it makes no sense."""
    try:
        return urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname
    except ValueError:
        return None


def _is_loopback(address: str | None) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    # A listener on [::] sees IPv4 callers as ::ffff:127.0.0.1.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
