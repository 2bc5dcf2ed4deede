"""A stage for each test that wants one."""

from collections.abc import Iterator

import pytest

from tests.actions.stage import Stage, running_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Serve a gate and a token service."""
    with running_stage() as running:
        yield running
