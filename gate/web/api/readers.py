"""Answer the reading routes of the API to holders of a token.

While the gate's public URL is loopback, a caller on this machine needs none: see
`gate.web.viewers`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, request

from gate.web.api.queries import BadQuery
from gate.web.deps import Readers
from gate.web.problems import problem
from gate.web.viewers import is_local

_BEARER: Final = "bearer"
_INVALID: Final = ', error="invalid_token"'


def answer_readers(blueprint: Blueprint, readers: Readers) -> None:
    """Refuse strangers, and queries that make no sense, on all routes of `blueprint`."""

    @blueprint.before_request
    def readers_only() -> Response | None:
        if readers.trusts_loopback and is_local():
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
