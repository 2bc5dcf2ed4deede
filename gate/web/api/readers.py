"""Answer the reading routes of the API to those who may read, and to each what they may see.

A caller sends a token of the gate, or comes with the session of someone who signed in. While the
gate's public URL is loopback, a caller on this machine needs neither: see `gate.web.viewers`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, g, request

from gate.domain.access.api_token import TokenState
from gate.domain.model.access import Visible
from gate.store.access.api_tokens import find_token, note_use
from gate.web.api.queries import BadQuery
from gate.web.deps import WebDeps
from gate.web.problems import problem
from gate.web.viewers import Viewer

_BEARER: Final = "bearer"
_INVALID: Final = ', error="invalid_token"'


def answer_readers(blueprint: Blueprint, deps: WebDeps) -> None:
    """Refuse strangers, and queries that make no sense, on all routes of `blueprint`."""

    @blueprint.before_request
    def readers_only() -> Response | None:
        token = _sent_token()
        # A token that is sent counts, also on this machine: it may show less than its sender sees.
        viewer = deps.viewers.find() if token is None else _find_holder(deps, token)
        if viewer is None:
            return _refuse(token)
        g.viewer = viewer
        return None

    @blueprint.errorhandler(BadQuery)
    def bad_query(error: BadQuery) -> Response:
        return problem(HTTPStatus.BAD_REQUEST, "bad_query", str(error))


def visible_to_reader() -> Visible:
    """Return what may be seen by who sends the present request."""
    viewer: Viewer = g.viewer
    return viewer.visible


def _find_holder(deps: WebDeps, token: str) -> Viewer | None:
    """Return who holds a token: one of the settings, or one of the database that is active."""
    viewer = deps.readers.find(token)
    if viewer is not None:
        return viewer
    now = deps.clock()
    stored = deps.database.read(lambda snapshot: find_token(snapshot, token))
    if stored is None or stored.state(now) is not TokenState.ACTIVE:
        return None
    if not stored.is_use_noted(now):
        note_use(deps.database, stored.id, now)
    return Viewer(stored.name, stored.visible)


def _sent_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == _BEARER else None


def _refuse(token: str | None) -> Response:
    if token is None:
        reason, detail, more = "token_required", "send Authorization: Bearer with a token", ""
    else:
        reason, detail, more = (
            "unknown_token",
            "no active token of the gate; it may be expired or revoked",
            _INVALID,
        )
    response = problem(HTTPStatus.UNAUTHORIZED, reason, detail)
    response.headers["WWW-Authenticate"] = f'Bearer realm="deployment-gate"{more}'
    return response
