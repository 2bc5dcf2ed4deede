"""Read an instant as people write it: a date, a date with a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

EXPECTED: Final = "like 2026-03-02 or 2026-03-02T12:00:00Z, or like 30d"
"""What an error suggests in place of a time that cannot be read."""

_AGO: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_instant(text: str, now: datetime) -> datetime | None:
    """Return the instant, aware, UTC where no zone is written; None for anything else."""
    try:
        if (age := parse_age(text)) is not None:
            return now - age
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_age(text: str) -> timedelta | None:
    """Return a length of time written in one unit, like 30d; None for anything else."""
    found = _AGO.fullmatch(text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found is not None else None
