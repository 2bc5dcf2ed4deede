"""Which measurements run."""

from __future__ import annotations

import pytest

from tests.bench.choice import chosen

KNOWN = ["green", "fleet-latency", "fleet-release", "pages"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, KNOWN),
        (["pages", "green"], ["green", "pages"]),
        (["fleet"], ["fleet-latency", "fleet-release"]),
        (["fleet", "fleet-release"], ["fleet-latency", "fleet-release"]),
    ],
)
def test_names_choose(wanted: list[str] | None, expected: list[str]) -> None:
    """A name stands for itself or, as a first word, for its neighbors; each runs once, in order."""
    assert chosen(KNOWN, wanted) == expected


@pytest.mark.parametrize("wanted", ["f", "fleet-", "page", ""])
def test_an_unknown_name_is_refused(wanted: str) -> None:
    """A name that chooses nothing is an error, so that no one takes an empty table for success."""
    with pytest.raises(LookupError):
        chosen(KNOWN, [wanted])
