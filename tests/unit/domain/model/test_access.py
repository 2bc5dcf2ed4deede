"""Who sees what."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.model.access import EVERYTHING, NOTHING, Visible
from gate.domain.model.ids import RepositoryId

ONE: Final = Visible(frozenset({RepositoryId(1)}))
BOTH: Final = Visible(frozenset({RepositoryId(1), RepositoryId(2)}))


@pytest.mark.parametrize(
    ("visible", "repository", "expected"),
    [
        (EVERYTHING, 1, True),
        (EVERYTHING, None, True),
        (ONE, 1, True),
        (ONE, 2, False),
        (ONE, None, False),
        (NOTHING, 1, False),
    ],
)
def test_a_repository_is_seen(visible: Visible, repository: int | None, *, expected: bool) -> None:
    """What belongs to no repository is for those who see them all."""
    assert visible.includes(repository) is expected


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (EVERYTHING, EVERYTHING, EVERYTHING),
        (EVERYTHING, ONE, ONE),
        (ONE, EVERYTHING, ONE),
        (ONE, BOTH, ONE),
        (ONE, NOTHING, NOTHING),
    ],
)
def test_two_limits_hold_at_once(first: Visible, second: Visible, shared: Visible) -> None:
    """A token limited to repositories shows no more than its owner sees."""
    assert first.within(second) == shared
