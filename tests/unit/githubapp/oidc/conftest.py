"""Fixtures of the tests of report tokens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.token_desk import Desk, open_desk


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Serve an issuer; keys are read from it once."""
    with open_desk() as opened:
        yield opened
