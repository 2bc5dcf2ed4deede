"""Say by which error a channel failed, and keep addresses out of the words.

An address of a channel is a secret: it is never quoted, and neither is what an exception says about
it. `channel_refused` is for the address and its credentials, `alert_refused` for the message.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater

LONGEST_PAUSE: Final = timedelta(hours=1)
"""The longest that a channel may keep an alert waiting; it is asked again then."""

_NOT_TAKEN: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.SERVICE_UNAVAILABLE}
)
_WRONG_ADDRESS: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)


def error_of_status(status: int, retry_after: str | None, said: str = "") -> GateError:
    """Name an HTTP answer that is no success. `said` must be harmless to show.

    503 says that nothing was taken; any other failure of a server may have come after it took the
    alert.
    """
    detail = f"the receiver answered {status}{f' {said}' if said else ''}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater("rate_limited", detail, after=_pause(retry_after))
    if status in _NOT_TAKEN:
        return RetryLater("channel_unavailable", detail, after=_pause(retry_after))
    if status in _WRONG_ADDRESS:
        return Refused("channel_refused", f"{detail}; check the address and its credentials")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Refused("channel_refused", f"{detail}; redirects are not followed")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refused("alert_refused", detail)
    return OutcomeUnknown("outcome_unknown", detail)


def never_sent(error: BaseException) -> RetryLater:
    """Name a failure before anything was sent: no such host, no connection, no certificate."""
    return RetryLater("channel_unavailable", f"no connection: {type(error).__name__}")


def answer_lost(error: BaseException) -> OutcomeUnknown:
    """Name a failure after something was sent."""
    return OutcomeUnknown("outcome_unknown", f"no answer: {type(error).__name__}")


def _pause(retry_after: str | None) -> timedelta | None:
    """Read how many seconds to wait; a date, or what is no number, leaves it to the caller."""
    text = (retry_after or "").strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return min(timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
