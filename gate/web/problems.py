"""Answer errors as problem details (RFC 9457), each with a stable slug as its `reason`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gate.errors import RetryLater
from gate.log import get_logger

_TYPE: Final = "application/problem+json"

log = get_logger(__name__)


def problem(status: HTTPStatus, reason: str, detail: str = "") -> Response:
    """Make the answer to a request that cannot be fulfilled."""
    body = {"title": status.phrase, "status": status.value, "detail": detail, "reason": reason}
    return Response(msgspec.json.encode(body), status=status.value, content_type=_TYPE)


def busy(error: RetryLater) -> Response:
    """Make the answer while the database cannot be used."""
    response = problem(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, "try again in a moment")
    response.headers["Retry-After"] = "1"
    return response


def register_problems(app: Flask) -> None:
    """Turn Flask's own errors, and ours that reach the edge, into problem details."""
    app.register_error_handler(HTTPException, _http_problem)
    app.register_error_handler(RetryLater, busy)
    app.register_error_handler(Exception, _unexpected)


def _http_problem(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    reason = status.phrase.lower().replace(" ", "_")
    response = problem(status, reason, error.description or "")
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    log.error("http.failed", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", "the log says more")
