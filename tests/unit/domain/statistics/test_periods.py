"""Which time a number of days stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gate.domain.statistics.record import Period


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Make an instant in March."""
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "now", "since", "until"),
    [
        (1, at(9, 12, 30, 15), at(9), at(9, 12, 31)),
        (7, at(9, 12, 30), at(3), at(9, 12, 31)),
        (7, at(9), at(3), at(9, 0, 1)),
        (7, at(9, 23, 59, 59), at(3), at(10)),
    ],
)
def test_days_are_whole_and_the_last_is_today(
    days: int, now: datetime, since: datetime, until: datetime
) -> None:
    """As far as today has come, to the end of the minute."""
    period = Period.of_days(days, now)
    assert (period.since, period.until) == (since, until)
    assert period.last_day == now.date()


def test_the_period_before_ends_at_the_same_time_of_day() -> None:
    """So that half a day is not compared with a whole one."""
    period = Period.of_days(7, at(20, 12, 30))
    earlier = period.earlier(7)
    assert period.since - earlier.since == period.until - earlier.until == timedelta(days=7)
    assert earlier.last_day == date(2026, 3, 13)
