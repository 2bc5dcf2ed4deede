"""Tell whether the process is up, whether it can do its work, and how it has done."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response

from gate.errors import GateError
from gate.web.deps import Check, WebDeps
from gate.web.metrics import CONTENT_TYPE

_OK = "ok"


def health(deps: WebDeps) -> Blueprint:
    """Make the routes that machines ask."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": _OK}, HTTPStatus.OK)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        found = {name: _found(check) for name, check in deps.checks.items()}
        ready = all(result == _OK for result in found.values())
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _json({"status": _OK if ready else "not ready", "checks": found}, status)

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(deps.metrics.render(), content_type=CONTENT_TYPE)

    return blueprint


def _found(check: Check) -> str:
    """Run one check; give `ok` or what is wrong."""
    try:
        check()
    except GateError as error:
        return f"{error.reason}: {error.detail}" if error.detail else error.reason
    return _OK


def _json(body: object, status: HTTPStatus) -> Response:
    return Response(msgspec.json.encode(body), status.value, content_type="application/json")
