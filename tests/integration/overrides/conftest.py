"""The GitHub of the tests of overrides."""

from __future__ import annotations

import pytest

from gate.simulator.switches import Switches


@pytest.fixture
def switches(either_since: Switches) -> Switches:
    """Run each test under both meanings of a review's `since`."""
    return either_since
