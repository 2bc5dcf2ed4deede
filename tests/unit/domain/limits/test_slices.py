"""A slice is as large as what is spent of it asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from gate.domain.limits.bucket import Rate
from gate.domain.limits.slices import next_size

RATE: Final = Rate(900, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("tokens", "spent", "following"),
    [(0, 0, 45), (45, 0, 45), (45, 45, 90), (90, 81, 180), (90, 80, 160), (400, 30, 60)],
)
def test_a_slice_follows_what_is_spent(tokens: int, spent: int, following: int) -> None:
    """It doubles when it was spent before its time, and shrinks with what is needed."""
    assert next_size(RATE, tokens, spent) == following


def test_a_slice_of_a_high_limit_is_small_at_first() -> None:
    """It would lease the hourly quota away, of which other nodes want some."""
    high = Rate(1_000_000, timedelta(minutes=1))
    assert [next_size(high, 0, 0), next_size(high, 50, 50), next_size(high, 100, 3)] == [
        50,
        100,
        50,
    ]


def test_a_slice_of_a_small_limit_has_a_token() -> None:
    """Nobody asks for nothing."""
    assert next_size(Rate(4, timedelta(minutes=1)), 0, 0) == 1
