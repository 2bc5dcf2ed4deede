"""Report whether the process is up, whether it can do its work, and its metrics."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from flask import Blueprint, Response

from gate.errors import GateError
from gate.log import get_logger
from gate.web.deps import Check, WebDeps
from gate.web.metrics import CONTENT_TYPE
from gate.web.problems import problem

_OK: Final = "ok"

log = get_logger(__name__)


def health(deps: WebDeps) -> Blueprint:
    """Build the routes that machines ask."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json({"status": _OK})

    @blueprint.get("/readyz")
    def readyz() -> Response:
        found = {name: _found(name, check) for name, check in deps.checks.items()}
        failed = [name for name, result in found.items() if result != _OK]
        if failed:
            detail = f"failed: {', '.join(failed)}"
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", detail, checks=found)
        return _json({"status": _OK, "checks": found})

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(deps.metrics.render(), content_type=CONTENT_TYPE)

    return blueprint


def _found(name: str, check: Check) -> str:
    """Run one check; return `ok` or the slug of what is wrong.

    The words behind the slug may hold host names and paths: they go to the log, not into the
    answer.
    """
    try:
        check()
    except GateError as error:
        log.warning("http.not_ready", check=name, reason=error.reason, detail=error.detail)
        return error.reason
    except Exception:
        log.exception("http.not_ready", check=name, reason="bug")
        return "bug"
    return _OK


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
