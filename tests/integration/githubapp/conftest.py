"""Fixtures of the clients' tests: a simulated GitHub and the clients connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.github_stage import Stage, staged


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Connect clients to a simulated github.com."""
    with staged() as made:
        yield made


@pytest.fixture(params=["", "/api/v3"], ids=["github.com", "enterprise"])
def either(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Connect them to an Enterprise Server as well, whose API root has a path."""
    with staged(root=request.param) as made:
        yield made
