"""When something that was there may be believed gone."""

from __future__ import annotations

from datetime import datetime

import pytest

from gate.domain.evidence.absence import CONFIRMED_AFTER, is_believed
from tests.support.builders.defaults import NOW, TICK


@pytest.mark.parametrize(
    ("absent_since", "believed"),
    [
        (None, False),
        (NOW, False),
        (NOW - CONFIRMED_AFTER + TICK, False),
        (NOW - CONFIRMED_AFTER, True),
    ],
)
def test_an_absence_is_believed_when_it_was_seen_twice(
    absent_since: datetime | None, believed: bool
) -> None:
    """The first time proves nothing, nor does a second one right after it."""
    assert is_believed(absent_since, NOW) is believed
