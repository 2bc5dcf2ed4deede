"""Map what can go wrong between us and GitHub to the errors of `gate.errors`, once.

The difference that matters is whether a write may have been applied. A connection that was never
made, or an answer below 500, says no; anything lost after sending says perhaps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import msgspec
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import NewConnectionError

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.shapes import ErrorShape

_TOKEN: Final = re.compile(r"gh[a-z]_[A-Za-z0-9._-]+")
_REVIEW_TEXTS: Final = (
    ("no pending deployment requests", "nothing_pending"),
    ("already been reviewed", "already_reviewed"),
    ("problem approving one of the gates", "review_conflict"),
)
"""What GitHub says to a review it does not take; observed, not documented."""

_errors: Final = msgspec.json.Decoder(ErrorShape)


def error_of_transport(error: Exception, *, is_write: bool) -> GateError:
    """Name a failure that brought no answer."""
    detail = redacted(f"{type(error).__name__}: {error}")
    if is_write and not _was_never_sent(error):
        return OutcomeUnknown("outcome_unknown", detail)
    return RetryLater("github_unavailable", detail)


def _was_never_sent(error: Exception) -> bool:
    """Say whether no connection was made, so that nothing can have been applied."""
    if isinstance(error, ConnectTimeout):
        return True
    if not isinstance(error, RequestsConnectionError):
        return not isinstance(error, RequestException)
    return _has_cause(error, NewConnectionError)


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    """Look through what requests and urllib3 wrap around the first cause."""
    seen: list[Any] = [error]
    while seen:
        current = seen.pop()
        if isinstance(current, kind):
            return True
        if isinstance(current, BaseException):
            seen += [*current.args, getattr(current, "reason", None)]
    return False


def error_of_status(
    status: int, headers: Mapping[str, str], body: str, *, is_write: bool
) -> GateError:
    """Name an answer of 400 and above that is not a rate limit."""
    message = message_of(body)
    request_id = headers.get("x-github-request-id", "-")
    detail = redacted(f"{status} {message} ({request_id})")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if is_write:
            return OutcomeUnknown("outcome_unknown", detail)
        return RetryLater("github_unavailable", detail)
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            wanted = headers.get("x-accepted-github-permissions")
            needs = f", needs {wanted}" if wanted else ""
            return Refused("permission_missing", f"{detail}{needs}")
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Refused("not_found", detail)
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.CONFLICT:
            return RetryLater("github_unavailable", detail)
        case _:
            return Refused(_refusal(message), detail)


def _refusal(message: str) -> str:
    """Recognise GitHub's words for a review that it does not take."""
    words = " ".join(message.casefold().split())
    for text, reason in _REVIEW_TEXTS:
        if text in words:
            return reason
    return "unprocessable"


def is_rate_limit(status: int, headers: Mapping[str, str], body: str) -> bool:
    """Say whether an answer means that we asked too much (docs: Rate limits for the REST API)."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status != HTTPStatus.FORBIDDEN:
        return False
    return (
        "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message_of(body).casefold()
    )


def rate_limited(after: timedelta) -> RetryLater:
    """Name a rate limit."""
    return RetryLater("rate_limited", "GitHub asked for a pause", after=after)


def nonsense(what: str, *, is_write: bool = False) -> GateError:
    """Name an answer that is not what GitHub's API answers."""
    if is_write:
        return OutcomeUnknown("outcome_unknown", f"answer makes no sense: {what}")
    return RetryLater("github_unavailable", f"answer makes no sense: {what}")


def message_of(body: str) -> str:
    """Join what an error body says; empty when it is not GitHub's JSON."""
    try:
        shape = _errors.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    texts = [shape.message]
    texts += [
        error if isinstance(error, str) else str(error.get("message", ""))
        for error in shape.errors or ()
    ]
    return "; ".join(text for text in texts if text)


def redacted(text: str) -> str:
    """Star tokens in a text that may end up in a log."""
    return _TOKEN.sub("***", text)
