"""Compare this machine's clock with those of others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.githubapp.app.session import off_by

SKEW: Final = timedelta(seconds=30)


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

    Leases end and rows become due by the clock of the node that looks, so all nodes must agree.
    """
    return _compared("clock of the node", "the database's", server, now)


def _compared(what: str, whose: str, other: datetime, now: datetime) -> Finding:
    behind = other - now
    if abs(behind) > SKEW:
        found = f"{off_by(behind)} {whose}"
        return Finding(Level.FAIL, what, found, "synchronize this machine's clock")
    return Finding(Level.OK, what, f"agrees with {whose}")
