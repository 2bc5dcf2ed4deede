"""Overrides on PostgreSQL: the same record and the same release, with two nodes at work."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from gate.domain.model.request import RequestState
from gate.reconciler.ingest.ingest import ingest
from gate.simulator.switches import Switches
from tests.integration.overrides.override_steps import (
    WHY,
    comment,
    held,
    held_for_review,
    override_run,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, reconcile, running_gate
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once


@pytest.fixture
def gate(server: PostgresServer, either_since: Switches) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with one gated repository."""
    with (
        server.migrated_database() as url,
        running_gate(url, switches=either_since) as running,
    ):
        yield running


def recorded(gate: Gate, run_id: int) -> list[object]:
    """List the rationales of the overrides on record."""
    return [it.detail["rationale"] for it in gate.trail(run_id) if it.kind == "override.recorded"]


def test_two_nodes_read_the_same_override_and_release_once(gate: Gate, second: Gate) -> None:
    """Both read its delivery and look at the request at the same moment."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.github.wait_until_delivered()
    ids = gate.due_deliveries()
    nodes = [gate.service.deps, second.service.deps] * 3
    at_once([partial(ingest, ids, node) for node in nodes])
    request_id = gate.record(run_id).id
    at_once([partial(reconcile, request_id, node) for node in nodes])
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    assert recorded(gate, run_id) == [WHY]


def test_each_way_in(gate: Gate) -> None:
    """The comment and the override workflow, too."""
    by_comment = held_for_review(gate)
    comment(gate, "carol", f"/override {by_comment} {WHY}")
    assert gate.record(by_comment).state == RequestState.APPROVED
    by_workflow = held(gate)
    override_run(gate, by_workflow, WHY)
    assert gate.record(by_workflow).state == RequestState.APPROVED


def test_what_the_database_cannot_hold_is_recorded_without_it(gate: Gate) -> None:
    """PostgreSQL takes no NUL in a text; the rest of the words is kept, and the words count."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", f"{WHY}\0 @everyone")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    (said,) = recorded(gate, run_id)
    assert str(said).startswith(WHY)
    assert REPOSITORY in gate.record(run_id).repository
