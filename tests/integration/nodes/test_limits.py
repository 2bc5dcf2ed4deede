"""What GitHub allows an installation holds for all nodes together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest

from gate.domain.limits.bucket import LASTS
from gate.simulator.state.records import RequestRecord
from tests.support.harness import REPOSITORY, Gate, running_gate
from tests.support.postgres import PostgresServer

LIMIT: Final = 100
MINUTE: Final = timedelta(minutes=1)


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a node that may make 20 writes a minute, or as many reads as five times that."""
    with (
        server.migrated_database() as url,
        running_gate(url, points_per_minute=LIMIT) as running,
    ):
        yield running


@pytest.fixture
def green(gate: Gate, second: Gate) -> None:
    """Let the newest validation pass, and each node answer a deployment by it."""
    gate.validate(REPOSITORY, "success")
    for node in (gate, second):
        deploy(gate, 1)
        node.settle()
    gate.github.advance(70)


def deploy(gate: Gate, count: int) -> None:
    """Let deployments ask for an answer; their webhooks are stored, not read."""
    gate.github.deploy_many(REPOSITORY, count)
    gate.github.wait_until_delivered()


def calls(gate: Gate) -> list[RequestRecord]:
    """List the calls that count against the installation."""
    return [it for it in gate.github.requests() if it.installation_id is not None]


def points_of(made: list[RequestRecord]) -> int:
    """Count points as GitHub does."""
    return sum(1 if it.method == "GET" else 5 for it in made)


@pytest.mark.usefixtures("green")
def test_no_minute_sees_more_than_the_limit(gate: Gate, second: Gate) -> None:
    """Two nodes answer 50 deployments in turns: everything that may be used is, and no more."""
    for _ in range(5):
        for node in (gate, second):
            deploy(gate, 5)
            node.settle()
    made = calls(gate)
    first_minute = points_of([it for it in made if it.received_at > made[-1].received_at - MINUTE])
    assert LIMIT - 5 <= first_minute <= LIMIT
    for _ in range(10):
        gate.github.advance(70)
        gate.settle()
        second.settle()
    made = calls(gate)
    for it in made:
        window = [
            one for one in made if it.received_at <= one.received_at < it.received_at + MINUTE
        ]
        assert points_of(window) <= LIMIT
    assert all(gate.answers(it.run_id) for it in gate.records())


@pytest.mark.usefixtures("green")
def test_a_pause_that_one_node_learns_of_is_kept_by_the_other(gate: Gate, second: Gate) -> None:
    """Once the slice is over that it had leased before, it does not call either."""
    deploy(gate, 1)
    second.settle()
    gate.github.limit_secondary(retry_after=120, method="POST", path="deployment_protection_rule")
    deploy(gate, 1)
    gate.settle()
    gate.github.advance(LASTS.total_seconds())
    before = len(calls(gate))
    deploy(gate, 3)
    second.settle()
    assert len(calls(gate)) == before
    gate.github.advance(200)
    second.settle()
    assert all(gate.answers(it.run_id) for it in gate.records())


@pytest.mark.usefixtures("green")
def test_a_node_that_died_takes_its_slice_along_for_a_minute(gate: Gate, second: Gate) -> None:
    """The other one has everything else at once, and that, too, once it is back."""
    deploy(gate, 1)
    second.settle()
    deploy(gate, 25)
    before = len(calls(gate))
    gate.settle()
    spent = points_of(calls(gate)[before - 1 :])
    assert LIMIT - 20 <= spent <= LIMIT
    for _ in range(3):
        gate.github.advance(70)
        gate.settle()
    assert all(gate.answers(it.run_id) for it in gate.records())
