from datetime import timedelta

import pytest

from gate.domain.text.instants import parse_instant
from tests.support.builders.defaults import NOW


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("30d", timedelta(days=30)),
        ("0s", timedelta(0)),
        ("2026-03-01", timedelta(hours=36)),
        ("2026-03-02T11:00:00Z", timedelta(hours=1)),
        ("2026-03-02T13:00:00+02:00", timedelta(hours=1)),
    ],
)
def test_an_instant_is_a_date_or_how_long_ago(text: str, ago: timedelta) -> None:
    """What has no zone is UTC."""
    assert parse_instant(text, NOW) == NOW - ago


@pytest.mark.parametrize(
    "text", ["", "yesterday", "-1d", "1w", "999999d", "٣d", "0001-01-01T00:00:00+14:00", "30d\0"]
)
def test_anything_else_is_none(text: str) -> None:
    """Nor is a time that no calendar has."""
    assert parse_instant(text, NOW) is None
