"""Answer the reading routes of the API to holders of a token.

While the gate's public URL is loopback, as on a developer's machine, a caller on this machine needs
none. The socket's own address decides who that is; one who came through a proxy is not local,
whatever the proxy's address, and neither is one who asks for a public name: a web page could have
sent a browser on this machine here. A plain reverse proxy can look like such a caller, which is why
a gate with a public URL requires a token from every caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from gate.loopback import is_loopback, is_loopback_address
from gate.web.api.queries import BadQuery
from gate.web.deps import Readers
from gate.web.problems import problem

_PROXIED: Final = frozenset({"Forwarded", "Via", "X-Real-Ip"})
_PROXIED_PREFIX: Final = "X-Forwarded-"
_BEARER: Final = "bearer"
_INVALID: Final = ', error="invalid_token"'


def answer_readers(blueprint: Blueprint, readers: Readers) -> None:
    """Refuse strangers, and queries that make no sense, on all routes of `blueprint`."""

    @blueprint.before_request
    def readers_only() -> Response | None:
        if readers.trusts_loopback and _is_local():
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != _BEARER or not token.strip():
            return _refuse("token_required", "send Authorization: Bearer with a token of the gate")
        if not readers.know(token.strip()):
            return _refuse("unknown_token", "GATE_API_TOKENS does not list this token", _INVALID)
        return None

    @blueprint.errorhandler(BadQuery)
    def bad_query(error: BadQuery) -> Response:
        return problem(HTTPStatus.BAD_REQUEST, "bad_query", str(error))


def _refuse(reason: str, detail: str, more: str = "") -> Response:
    response = problem(HTTPStatus.UNAUTHORIZED, reason, detail)
    response.headers["WWW-Authenticate"] = f'Bearer realm="deployment-gate"{more}'
    return response


def _is_local() -> bool:
    if any(name in _PROXIED or name.startswith(_PROXIED_PREFIX) for name in _header_names()):
        return False
    return is_loopback_address(request.remote_addr or "") and is_loopback(_asked_host())


def _header_names() -> Iterator[str]:
    return (name.title() for name in request.headers.keys())  # noqa: SIM118  # iterating gives pairs


def _asked_host() -> str:
    """Return the name the caller asked for, without its port; empty when it makes no sense."""
    try:
        return urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname or ""
    except ValueError:
        return ""
