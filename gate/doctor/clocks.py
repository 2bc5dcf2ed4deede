"""Compare this machine's clock with those of others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.doctor.findings import Finding, Level

SKEW: Final = timedelta(seconds=30)


def compare_clock(github: datetime | None, now: datetime) -> Finding:
    """Give by how much `now` is away from the time that GitHub told, if it told one."""
    if github is None:
        return Finding(Level.WARN, "clock", "GitHub did not tell the time")
    skew = abs(now - github)
    if skew > SKEW:
        found = f"{skew.total_seconds():.0f} s away from GitHub's"
        return Finding(Level.FAIL, "clock", found, "synchronise this machine's clock")
    return Finding(Level.OK, "clock", "agrees with GitHub's")
