"""The gate of the tests of incident issues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.incidents.issue.issue_steps import POLICY, WITH_REVIEWERS
from tests.support.harness import REPOSITORY, Gate, running_gate


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Run a gate whose policy lets carol override; dave can write, erin can read."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db") as running:
        running.github.put_file(REPOSITORY, POLICY, WITH_REVIEWERS)
        running.github.set_role(REPOSITORY, "carol", "read")
        running.github.set_role(REPOSITORY, "dave", "write")
        running.github.set_role(REPOSITORY, "erin", "read")
        running.settle()
        yield running
