"""Compare this machine's clock with those of others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.githubapp.app.session import off_by

SKEW: Final = timedelta(seconds=30)

OWN: Final = "synchronize this machine's clock"
BOTH: Final = f"{OWN}, and that of the database's server, by which all nodes decide"


def compare_clock(github: datetime | None, now: datetime) -> Finding:
    """Compare `now` with the time in GitHub's response, if there is one."""
    if github is None:
        return Finding(Level.WARN, "clock", "GitHub's response has no time")
    return _compared("clock", "GitHub's", github, now)


def compare_clock_of_issuer(issuer: datetime, now: datetime) -> Finding:
    """Compare `now` with the clock of the issuer of report tokens."""
    return _compared("clock", "the issuer's", issuer, now)


def compare_database_clock(server: datetime, now: datetime) -> Finding:
    """Compare `now` with the database's clock.

    All nodes go by that one, so they agree in any case. But one of the two is wrong.
    """
    return _compared("clock of the node", "the database's", server, now, BOTH)


def _compared(what: str, whose: str, other: datetime, now: datetime, remedy: str = OWN) -> Finding:
    behind = other - now
    if abs(behind) > SKEW:
        found = f"{off_by(behind)} {whose}"
        return Finding(Level.FAIL, what, found, remedy)
    return Finding(Level.OK, what, f"agrees with {whose}")
