"""Read what every answer of GitHub has: a body in JSON, and GitHub's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.errors import PAGE, is_page, nonsense

T = TypeVar("T")


def decoded(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a body; raises RetryLater when it is not what GitHub answers."""
    try:
        return decoder.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise nonsense(PAGE if is_page(answer) else str(error)) from None


def time_of(headers: Mapping[str, str]) -> datetime | None:
    """Read GitHub's clock from an answer, to the second; None when the answer has no date."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
