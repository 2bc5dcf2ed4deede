"""Nodes that sweep by turns: each part once in an interval, and the next goes on from there."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

from sqlalchemy import text
from structlog.testing import capture_logs

from gate.domain.model.request import RequestState
from gate.reconciler.worker.sweep import Sweeper
from gate.shield import Shield
from gate.simulator.faults import WebhookFault
from tests.support.harness import REPOSITORY, Gate

MINUTE = timedelta(minutes=1)


def sweep(*sweepers: Sweeper) -> list[dict[str, Any]]:
    """Let some nodes sweep; return what each reports."""
    with capture_logs() as log:
        for it in sweepers:
            it.sweep(Shield(Event()))
    return [dict(it) for it in log if it["event"] == "sweep.finished"]


def taken(gate: Gate) -> int:
    """Count how often the log of deliveries was read, by whichever node."""
    asked = text("SELECT lease_token FROM rounds WHERE name = 'redelivered'")
    return int(gate.service.database.read(lambda it: it.execute(asked).scalar_one_or_none()) or 0)


def test_a_part_is_done_once_in_an_interval(gate: Gate, second: Gate) -> None:
    """By whichever node comes first."""
    nodes = [Sweeper(it.service.deps, MINUTE) for it in (gate, second)]
    before = taken(gate)
    sweep(*nodes, *nodes)
    assert taken(gate) == before + 1
    gate.github.advance(60)
    sweep(*reversed(nodes))
    assert taken(gate) == before + 2


def test_another_node_goes_on_where_the_last_has_ended(gate: Gate, second: Gate) -> None:
    """A lost webhook is asked for by the one, and not again at once by the other."""
    nodes = [Sweeper(it.service.deps, MINUTE) for it in (gate, second)]
    sweep(nodes[0])
    number = gate.github.add_webhook_fault(WebhookFault("drop", event="deployment_protection_rule"))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    gate.github.clear_faults(number)
    gate.github.advance(60)
    began = gate.service.deps.continuity.since, second.service.deps.continuity.since
    (first,) = sweep(nodes[1])
    assert first["redelivered"] == 1
    assert second.service.deps.continuity.since > began[1]
    sweep(nodes[0])
    assert gate.service.deps.continuity.since == second.service.deps.continuity.since > began[0]
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    gate.github.advance(60)
    (again,) = sweep(nodes[0])
    assert again["redelivered"] == 0
