"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.simulator.switches import Switches
from tests.support.alert_receiver import Receiver, running_receiver
from tests.support.harness import Gate, running_gate
from tests.support.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Provide a PostgreSQL of the module's own."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def second(gate: Gate) -> Iterator[Gate]:
    """Provide one more node on the gate's database and GitHub; webhooks go to the first."""
    node = Gate(gate.github, gate.settings)
    yield node
    node.service.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Provide whoever is told by signed JSON."""
    with running_receiver() as made:
        yield made


@pytest.fixture(params=["review", "waiting"])
def either_since(request: pytest.FixtureRequest) -> Switches:
    """Provide a GitHub whose `since` of a review means the one thing or the other."""
    return Switches(review_since=request.param)


@pytest.fixture
def switches() -> Switches:
    """Provide a GitHub that behaves as documented; a module may put another in its place."""
    return Switches()


@pytest.fixture
def gate(tmp_path: Path, switches: Switches) -> Iterator[Gate]:
    """Provide a gate on a SQLite file, with one gated repository."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db", switches=switches) as running:
        yield running
