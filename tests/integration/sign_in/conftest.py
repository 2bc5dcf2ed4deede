"""A gate that people sign in to, with a repository that alice may see and one that she may not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.browser import Browser
from tests.support.harness import REPOSITORY, Gate, running_gate

KEY: Final = "a session key of the tests that is long enough"
OTHER: Final = "octo-org/backend"


def add_people(gate: Gate) -> None:
    """Let alice and bob read a repository each."""
    (installation,) = gate.github.world.installations
    gate.github.create_repository(OTHER, installation)
    gate.github.set_role(REPOSITORY, "alice", "read")
    gate.github.set_role(OTHER, "bob", "read")
    gate.settle()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Run a gate with sign-in; alice may read one of two repositories."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db", session_keys=(KEY,)) as running:
        add_people(running)
        yield running


@pytest.fixture
def browser(gate: Gate) -> Browser:
    """Provide a browser without cookies."""
    return Browser(gate)
