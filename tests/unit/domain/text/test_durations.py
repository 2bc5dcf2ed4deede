"""How lengths of time are told: what is left rounded up, what is over rounded down."""

from datetime import timedelta

import pytest

from gate.domain.text.durations import age, remaining, span
from tests.support.builders.defaults import NOW, before


@pytest.mark.parametrize(
    ("length", "text"),
    [
        ({"seconds": -5}, "0 min"),
        ({"seconds": 1}, "1 min"),
        ({"minutes": 59}, "59 min"),
        ({"minutes": 59, "seconds": 1}, "1 h"),
        ({"hours": 1, "minutes": 1}, "1 h 1 min"),
        ({"hours": 23, "minutes": 59, "seconds": 59, "microseconds": 1}, "24 h"),
        ({"hours": 47, "minutes": 59}, "47 h 59 min"),
        ({"hours": 47, "minutes": 59, "seconds": 1}, "2 d"),
        ({"days": 28, "hours": 23, "seconds": 1}, "29 d"),
    ],
)
def test_remaining(length: dict[str, float], text: str) -> None:
    """What is left of a hold is rounded up, so that a hold of 24 h begins with 24 h."""
    assert remaining(timedelta(**length)) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        ({"seconds": -5}, "0 s"),
        ({"microseconds": 999_999}, "less than 1 s"),
        ({"seconds": 1}, "1 s"),
        ({"seconds": 59}, "59 s"),
        ({"seconds": 60}, "1 min"),
        ({"seconds": 61}, "1 min 1 s"),
        ({"minutes": 59, "seconds": 59}, "59 min 59 s"),
        ({"hours": 1}, "1 h"),
        ({"hours": 1, "seconds": 59}, "1 h"),
        ({"hours": 1, "minutes": 1}, "1 h 1 min"),
        ({"hours": 23, "minutes": 59, "seconds": 59}, "23 h 59 min"),
        ({"days": 1}, "24 h"),
        ({"days": 2}, "2 d"),
        ({"days": 1, "minutes": 59}, "24 h 59 min"),
        ({"days": 2, "minutes": 59}, "2 d"),
        ({"days": 29, "hours": 23}, "29 d 23 h"),
    ],
)
def test_span(length: dict[str, float], text: str) -> None:
    """A length is told in its one or two largest units, rounded down."""
    assert span(timedelta(**length)) == text


def test_age() -> None:
    """An age is a span that ends now; the future is now."""
    assert age(NOW - before(hours=25)) == "25 h ago"
    assert age(timedelta(seconds=-1)) == "0 s ago"
