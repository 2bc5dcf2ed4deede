"""Map what can go wrong between us and GitHub to the errors of `gate.errors`, once.

The difference that matters is whether a write may have been applied. A connection that was never
made, or an answer below 500, says no; anything lost after sending says perhaps.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

import msgspec
from requests.exceptions import ConnectTimeout, RequestException, Timeout
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.transport.connection import Answer

_SECRET: Final = re.compile(r"gh[a-z]_[A-Za-z0-9._-]+|eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9._-]+)?")
_REVIEW_TEXTS: Final = (
    ("no pending deployment requests", "nothing_pending"),
    ("already been reviewed", "already_reviewed"),
    ("problem approving one of the gates", "review_conflict"),
)
"""What GitHub says to a review it does not take; observed, not documented."""

_DISABLED_WORDS: Final = ("issues", "disabled")
"""What GitHub says where a repository has no issues; observed, not documented."""

_KEY_TEXTS: Final = ("json web token could not be decoded", "integration not found")
"""What GitHub says to a JWT when the key is not, or no longer, one of the App's, or when there is
no such App; observed (octokit/auth-app.js#146)."""

_CLOCK_TEXTS: Final = ("'expiration time' claim", "'issued at' claim")
"""What GitHub says to a JWT whose times do not fit its clock (octokit/auth-app.js#698)."""

_FORBIDDEN_TEXTS: Final = (
    ("ip allow list", "ip_not_allowed"),
    ("was archived", "repository_archived"),
    ("installation has been suspended", "installation_suspended"),
)
"""What GitHub says with a 403 that no permission would change; observed, not documented
(atlassian/github-for-jira#961, r-universe-org/help#247)."""

_LIMIT_TEXTS: Final = ("rate limit", "abuse detection")

PAGE: Final = "a web page, so another service answers in place of GitHub's API"


class Unauthorized(GateError):
    """GitHub did not accept the token; nothing was done. `answered_at` is the time of its answer.

    It stays between the transport and who has the tokens.
    """

    def __init__(self, reason: str, detail: str, answered_at: datetime | None = None) -> None:
        """Store GitHub's time beside the reason."""
        self.answered_at: Final = answered_at
        super().__init__(reason, detail)


class _ErrorShape(msgspec.Struct):
    """GitHub's error body; `errors` is a list of texts, or of objects with a `message`."""

    message: object = ""
    errors: object = None


_errors: Final = msgspec.json.Decoder(_ErrorShape)


def error_of_transport(error: Exception, *, is_write: bool) -> GateError:
    """Map a failure that brought no answer, by its first cause: what wraps it says no more."""
    detail = redacted(_first_cause(error))
    if is_write and not _was_never_sent(error):
        return OutcomeUnknown("outcome_unknown", detail)
    return RetryLater("github_unavailable", detail)


def _was_never_sent(error: Exception) -> bool:
    """Return whether it is certain that GitHub did not get the call.

    So it is when there was no connection, no certificate to trust, or no address and header that
    could be sent, which requests reports as a ValueError too.
    """
    if isinstance(error, ConnectTimeout):
        return True
    if isinstance(error, ValueError) and isinstance(error, RequestException):
        return True
    return _has_cause(error, (NewConnectionError, ssl.SSLCertVerificationError))


def _first_cause(error: Exception) -> str:
    """Describe what went wrong at the bottom: a name, a connection, a certificate, time."""
    found = list(_causes(error, chained=True))
    first = next((it for it in found if isinstance(it, ssl.SSLCertVerificationError)), None)
    if first is not None:
        return f"no trusted certificate: {getattr(first, 'verify_message', first)}"
    if any(isinstance(it, NameResolutionError | socket.gaierror) for it in found):
        return "the connection failed: there is no host of that name"
    failed = next((it for it in found if isinstance(it, OSError) and it.strerror), None)
    if failed is not None:
        return f"the connection failed: {failed.strerror}"
    if any(isinstance(it, TimeoutError | Timeout | Urllib3TimeoutError) for it in found):
        return f"no answer in time: {type(error).__name__}"
    return f"{type(error).__name__}: {error}"


def _has_cause(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Return whether one of the causes is of these kinds."""
    return any(isinstance(it, kinds) for it in _causes(error))


def _causes(error: BaseException, *, chained: bool = False) -> Iterator[BaseException]:
    """Iterate an error and what requests and urllib3 wrap around the first cause.

    `chained` follows Python's own links too: good enough for words, not for what was sent.
    """
    unseen: list[Any] = [error]
    seen: set[int] = set()
    while unseen:
        current = unseen.pop()
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            unseen += [*current.args, getattr(current, "reason", None)]
            unseen += [current.__cause__, current.__context__] if chained else []


def error_of_answer(answer: Answer, *, is_write: bool) -> GateError:
    """Map an answer of 400 and above that is not a rate limit."""
    message = message_of(answer.body)
    request_id = answer.headers.get("x-github-request-id", "-")
    status, said = answer.status, PAGE if is_page(answer) else message
    # Long messages are cut at their end, so that what one needs to ask GitHub comes first.
    detail = redacted(f"{answer.status} [{request_id}] {said}".rstrip())
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        if is_write:
            return OutcomeUnknown("outcome_unknown", detail)
        return RetryLater("github_unavailable", detail)
    if status == HTTPStatus.CONFLICT or said == PAGE:
        # A 404 of another service says nothing of what GitHub has.
        return RetryLater("github_unavailable", detail)
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            wanted = answer.headers.get("x-accepted-github-permissions")
            needs = f", needs {wanted}" if wanted else ""
            return Refused(_prohibition(status, message), f"{detail}{needs}")
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Refused(_absence(message), detail)
        case _:
            return Refused(_refusal(message), detail)


def _prohibition(status: int, message: str) -> str:
    """Separate what only a person can change from a permission that is missing."""
    words = " ".join(message.casefold().split())
    if status == HTTPStatus.FORBIDDEN:
        return next((it for text, it in _FORBIDDEN_TEXTS if text in words), "permission_missing")
    if any(text in words for text in _CLOCK_TEXTS):
        return "clock_skewed"
    return "key_rejected" if any(text in words for text in _KEY_TEXTS) else "permission_missing"


def _absence(message: str) -> str:
    """Separate a repository without issues from what is not there."""
    words = message.casefold()
    return "issues_disabled" if all(word in words for word in _DISABLED_WORDS) else "not_found"


def _refusal(message: str) -> str:
    """Recognize GitHub's words for a review that it does not take."""
    words = " ".join(message.casefold().split())
    for text, reason in _REVIEW_TEXTS:
        if text in words:
            return reason
    return "unprocessable"


def is_rate_limit(answer: Answer) -> bool:
    """Return whether an answer says that we ask too much (docs: Rate limits for the REST API)."""
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if answer.status != HTTPStatus.FORBIDDEN:
        return False
    if "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0":
        return True
    message = message_of(answer.body).casefold()
    return any(text in message for text in _LIMIT_TEXTS)


def rate_limited(after: timedelta) -> RetryLater:
    """Build the error of a rate limit."""
    return RetryLater("rate_limited", "GitHub asked for a pause", after=after)


def nonsense(what: str, *, is_write: bool = False) -> GateError:
    """Build the error of an answer that is not what GitHub's API answers."""
    detail = redacted(f"the answer makes no sense: {what}")
    if is_write:
        return OutcomeUnknown("outcome_unknown", detail)
    return RetryLater("github_unavailable", detail)


def is_page(answer: Answer) -> bool:
    """Return whether a web page was answered, and not by GitHub, which numbers all its answers."""
    is_markup = answer.body.lstrip()[:1] == b"<"
    return is_markup and "x-github-request-id" not in answer.headers


def message_of(body: bytes) -> str:
    """Join what an error body says; empty when it is not GitHub's JSON."""
    try:
        shape = _errors.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    items = shape.errors if isinstance(shape.errors, list) else []
    texts = [shape.message]
    texts += [item.get("message") if isinstance(item, Mapping) else item for item in items]
    return "; ".join(text for text in texts if isinstance(text, str) and text)


def redacted(text: str) -> str:
    """Star tokens in a text that may end up in a log."""
    return _SECRET.sub("***", text)
