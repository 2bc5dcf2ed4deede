"""Define the kinds of fields that shapes are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Id = Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
Attempt = Annotated[int, msgspec.Meta(gt=0, le=2**31 - 1)]
Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+\Z")]
"""A text that identifies something; PostgreSQL keeps no NUL, and GitHub sends none."""


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; raises ValueError, which msgspec reports, at the ends of time."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment out of range") from None


def without_nul(text: str) -> str:
    """Replace NUL in a free text: authors of workflows write it, and PostgreSQL takes no NUL."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
