"""The service that the tests of processes start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.process.service_process import Process, prepared


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """Provide a service on SQLite that is not started yet, with one gated repository."""
    with prepared(tmp_path, f"sqlite:///{tmp_path}/gate.db") as running:
        yield running
