"""Read an instant from the command line: a date, a date with a time, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from gate.clock import utc_now

_AGO: Final = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Instant(click.ParamType[datetime]):
    """An instant; one without a time zone is UTC."""

    name = "when"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Give the instant; anything else is a usage error."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            if (ago := _AGO.fullmatch(text)) is not None:
                return utc_now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            found = datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            message = f"{text!r} is neither like 2026-03-02 or 2026-03-02T12:00:00Z nor like 30d"
            self.fail(message, param, ctx)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
