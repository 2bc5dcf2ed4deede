"""The gate of the tests of incidents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.alert_receiver import Receiver
from tests.support.harness import Gate, running_gate


@pytest.fixture
def gate(tmp_path: Path, receiver: Receiver) -> Iterator[Gate]:
    """Run a gate that sends its alerts to the receiver."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db", alerts_to=receiver.url) as running:
        yield running
