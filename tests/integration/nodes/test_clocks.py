"""Nodes whose own clocks are a minute off judge as all others do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.domain.model.request import RequestState
from gate.reconciler.requests.reconcile import take_up
from tests.support.harness import REPOSITORY, Gate


def set_clock(node: Gate, seconds: int) -> None:
    """Set a node's own clock, and let a heartbeat pass."""
    node.skew = timedelta(seconds=seconds)
    node.service.heartbeat.beat()


_skews = pytest.mark.parametrize("seconds", [-60, 60])


@_skews
@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(days=1, seconds=-30), RequestState.APPROVED),
        (timedelta(days=1, seconds=30), RequestState.WAITING),
    ],
)
def test_evidence_is_as_old_on_every_node(
    gate: Gate, second: Gate, seconds: int, age: timedelta, state: RequestState
) -> None:
    """Half a minute before and after the oldest age that counts, both nodes say the same."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    set_clock(second, seconds)
    gate.github.advance(age.total_seconds())
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    second.settle()
    assert gate.record(run_id).state == state


@_skews
def test_a_hold_ends_at_the_same_time_on_every_node(gate: Gate, second: Gate, seconds: int) -> None:
    """Half a minute before the hold's end nobody rejects, half a minute after it anyone does."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    set_clock(second, seconds)
    gate.github.advance(24 * 3600 - 30)
    second.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    gate.github.advance(60)
    second.settle()
    assert gate.record(run_id).state == RequestState.REJECTED


@pytest.mark.parametrize(("later", "is_free"), [(150, False), (181, True)])
def test_a_node_that_is_ahead_takes_no_lease_that_runs(
    gate: Gate, second: Gate, later: int, *, is_free: bool
) -> None:
    """A lease of three minutes is the first node's for three minutes, whoever looks."""
    gate.validate(REPOSITORY, "failure")
    set_clock(second, 60)
    run_id = gate.github.deploy(REPOSITORY).run_id
    found: list[bool] = []

    def look(place: str) -> None:
        if place == "begun" and not found:
            gate.github.advance(later)
            found.append(take_up(gate.record(run_id).id, second.service.deps) is not None)

    gate.failpoint = look
    gate.settle()
    assert found == [is_free]
