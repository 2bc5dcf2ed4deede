"""What the tests of channels send to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.alert_receiver import Receiver, running_receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver over HTTP that takes all."""
    with running_receiver() as made:
        yield made
