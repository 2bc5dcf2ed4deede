"""Answer the reading routes of the API to callers on this machine only.

There is no sign-in yet, so only a caller on this machine is answered. The socket's own address
decides; a caller that came through a proxy is not local, whatever the proxy's address, and neither
is one that asks for a public name: a web page could have sent a browser on this machine here.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

from gate.web.problems import problem
from gate.web.queries import BadQuery

_PROXIED: Final = frozenset({"Forwarded", "Via", "X-Real-Ip"})
_PROXIED_PREFIX: Final = "X-Forwarded-"


def answer_locally(blueprint: Blueprint) -> None:
    """Refuse strangers, and queries that make no sense, on all routes of `blueprint`."""

    @blueprint.before_request
    def local_only() -> Response | None:
        if _is_local():
            return None
        detail = "until sign-in is configured, this answers on loopback only"
        return problem(HTTPStatus.FORBIDDEN, "sign_in_not_configured", detail)

    @blueprint.errorhandler(BadQuery)
    def bad_query(error: BadQuery) -> Response:
        return problem(HTTPStatus.BAD_REQUEST, "bad_query", str(error))


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
