"""Read an instant from the command line: a date, a date with a time, or how long ago."""

from __future__ import annotations

from datetime import datetime

import click

from gate.clock import utc_now
from gate.domain.text.instants import EXPECTED, parse_instant


class Instant(click.ParamType[datetime]):
    """An instant; one without a time zone is UTC."""

    name = "when"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant; anything else is a usage error."""
        if isinstance(value, datetime):
            return value
        found = parse_instant(str(value), utc_now())
        if found is None:
            self.fail(f"{str(value)!r} is not {EXPECTED}", param, ctx)
        return found
