"""What is one environment, and what is another."""

from __future__ import annotations

import pytest

from gate.domain.model.ids import environment_key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Production", "production", True), ("straße", "strasse", False), ("prod ", "prod", False)],
)
def test_environments_are_compared_in_lower_case(one: str, other: str, same: bool) -> None:
    """Case is the only thing that GitHub does not look at."""
    assert (environment_key(one) == environment_key(other)) is same
