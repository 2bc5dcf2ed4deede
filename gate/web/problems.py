"""Answer errors as problem details (RFC 9457), each with a stable slug as its `reason`."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import Final

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from gate.errors import RetryLater
from gate.log import get_logger

PROBLEM_TYPE: Final = "application/problem+json"

TRY_AGAIN: Final = "try again in a moment"

log = get_logger(__name__)


def encode_problem(status: HTTPStatus, reason: str, detail: str = "", **more: object) -> bytes:
    """Write the body of such an answer; `more` are members beside the four of every problem."""
    body = {"title": status.phrase, "status": status.value, "detail": detail, "reason": reason}
    return msgspec.json.encode(body | more)


def problem(status: HTTPStatus, reason: str, detail: str = "", **more: object) -> Response:
    """Make Flask's answer to a request that cannot be fulfilled."""
    body = encode_problem(status, reason, detail, **more)
    return Response(body, status=status.value, content_type=PROBLEM_TYPE)


def retry_seconds(error: RetryLater) -> int:
    """Return how many seconds the client should wait: one at least."""
    seconds = ceil(error.after.total_seconds()) if error.after is not None else 1
    return max(seconds, 1)


def register_problems(app: Flask) -> None:
    """Turn Flask's own errors, and ours that reach the edge, into problem details."""
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(RetryLater, answer_later)
    app.register_error_handler(Exception, answer_unexpected)


def answer_http_error(error: HTTPException) -> Response:
    """Turn an error of Flask's into a problem, with its headers."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    reason = status.phrase.lower().replace(" ", "_")
    response = problem(status, reason, error.description or "")
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def answer_later(error: RetryLater) -> Response:
    """Ask the caller to come back: the database is busy or out of reach."""
    log.warning("http.failed", reason=error.reason, detail=error.detail)
    response = problem(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, TRY_AGAIN)
    response.headers["Retry-After"] = str(retry_seconds(error))
    return response


def answer_unexpected(error: Exception) -> Response:
    """Answer for a fault of ours; what it was is only in the log."""
    log.error("http.failed", reason="bug", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", "unexpected error; see the gate's log")
