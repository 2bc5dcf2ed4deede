"""Map a channel's failure to an error, without quoting URLs.

A channel's URL is a secret: it is never quoted, and neither is an exception's text about it.
`channel_refused` is for the URL and its credentials, `alert_refused` for the message.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater

LONGEST_PAUSE: Final = timedelta(hours=1)
"""The longest time that a channel may delay an alert; then the gate retries."""

_NOT_TAKEN: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.SERVICE_UNAVAILABLE}
)
_WRONG_ADDRESS: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)


def error_of_status(status: int, retry_after: str | None, said: str = "") -> GateError:
    """Return the error of an unsuccessful HTTP answer. `said` must be harmless to show.

    503 means that nothing was taken; any other server error may come after the server took the
    alert.
    """
    detail = f"the receiver answered {status}{f' {said}' if said else ''}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater("rate_limited", detail, after=_pause(retry_after))
    if status in _NOT_TAKEN:
        return RetryLater("channel_unavailable", detail, after=_pause(retry_after))
    if status in _WRONG_ADDRESS:
        return Refused("channel_refused", f"{detail}; check the URL and its credentials")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Refused("channel_refused", f"{detail}; redirects are not followed")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused("alert_refused", detail)
    return OutcomeUnknown("outcome_unknown", detail)


def never_sent(error: BaseException) -> RetryLater:
    """Return a failure before anything was sent: no such host, no connection, no certificate."""
    return RetryLater("channel_unavailable", f"no connection: {type(error).__name__}")


def answer_lost(error: BaseException) -> OutcomeUnknown:
    """Return a failure after something was sent."""
    return OutcomeUnknown("outcome_unknown", f"no answer: {type(error).__name__}")


def _pause(retry_after: str | None) -> timedelta | None:
    """Parse how many seconds to wait; None for a date or anything else but a number."""
    text = (retry_after or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
