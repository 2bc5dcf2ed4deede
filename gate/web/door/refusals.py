"""Build the answers of the door itself, which Flask never sees; they look like all others."""

from __future__ import annotations

from http import HTTPStatus

from gate.errors import RetryLater
from gate.web.door.bridge import Answer
from gate.web.problems import PROBLEM_TYPE, TRY_AGAIN, encode_problem, retry_seconds


def answer_problem(status: HTTPStatus, reason: str, detail: str = "") -> Answer:
    """Build the answer to a request that cannot be fulfilled."""
    headers = [(b"content-type", PROBLEM_TYPE.encode())]
    return Answer(status.value, headers, encode_problem(status, reason, detail))


def answer_busy(error: RetryLater) -> Answer:
    """Build the answer while the database cannot be used, without what the database said."""
    answer = answer_problem(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, TRY_AGAIN)
    answer.headers.append((b"retry-after", str(retry_seconds(error)).encode()))
    return answer
