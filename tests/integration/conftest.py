"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness import Gate, running_gate


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Give a gate on a SQLite file, with one gated repository."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db") as running:
        yield running
