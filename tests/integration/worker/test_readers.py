"""Who reads deliveries waits for no call: what GitHub must be asked for is asked by others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from gate.domain.model.ids import DeliveryId
from gate.reconciler.ingest.ingest import ASKING, ingest, ingest_asking
from gate.reconciler.ingest.room import Room
from gate.reconciler.worker.supervisor import READERS
from gate.simulator.faults import Fault, WebhookFault
from gate.store.engine.due import Taken
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, wait_for

ALL_BUT_THE_RULE = "^(workflow_run|workflow_job|deployment|deployment_status|deployment_review)$"


def deploy_unannounced(gate: Gate) -> int:
    """Deploy; of all that GitHub tells only the rule's own question arrives."""
    lost = gate.github.add_webhook_fault(WebhookFault("lose", event=ALL_BUT_THE_RULE))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.faults.clear(lost)
    return run_id


def due(gate: Gate) -> list[DeliveryId]:
    """List the deliveries that a reader should read now."""
    return gate.due_deliveries()


def nothing_waits(gate: Gate) -> bool:
    """Return whether all that has come was read, or handed to those who ask."""
    gate.github.wait_until_delivered()
    return not due(gate)


@pytest.fixture
def working(gate: Gate) -> Iterator[Gate]:
    """Provide a gate whose threads run."""
    gate.service.worker.start(sweeping=False)
    try:
        yield gate
    finally:
        gate.service.worker.stop()


def test_no_reader_waits_for_github(working: Gate) -> None:
    """While GitHub takes its time for each run that is asked for, other deliveries are read."""
    gate = working
    slow = gate.github.add_fault(Fault(r"/actions/runs/\d+$", "GET", delay_before=5))
    held = []
    for _ in range(READERS + 1):
        held.append(deploy_unannounced(gate))
        wait_for(lambda: nothing_waits(gate), "a reader")
    gate.validate(REPOSITORY, "success")
    wait_for(lambda: nothing_waits(gate), "a reader")
    assert gate.records() == []
    gate.github.faults.clear(slow)
    wait_for(lambda: len(gate.records()) == len(held), "the deliveries whose runs were asked for")
    wait_for(lambda: all(gate.answers(run_id) for run_id in held), "their answers")


def unsettled(gate: Gate) -> Taken:
    """Have a delivery come that only GitHub can settle, and read it as a reader does."""
    deploy_unannounced(gate)
    gate.github.wait_until_delivered()
    deps = gate.service.deps
    (delivery_id,) = due(gate)
    (taken,) = ingest([delivery_id], deps).unsettled
    assert taken.key == (delivery_id,)
    return taken


def test_a_delivery_that_is_asked_for_is_left_alone_meanwhile(gate: Gate) -> None:
    """Nobody reads it again while somebody asks; should they die, it is due again soon."""
    taken = unsettled(gate)
    deps = gate.service.deps

    assert due(gate) == []
    gate.github.advance(ASKING.total_seconds() + 1)
    assert due(gate) == [*taken.key]
    ingest_asking(taken, deps)
    assert gate.service.queues.requests.next_now() is not None
    assert due(gate) == []


def test_one_installation_begins_no_more_than_its_part(gate: Gate) -> None:
    """However many of its passes are due at once, another one's has a thread."""
    quiet = gate.github.create_installation("quiet-org")
    gate.github.create_repository("quiet-org/frontend", quiet)
    gate.github.protect_environment("quiet-org/frontend", ENVIRONMENT)
    repositories = (REPOSITORY, "quiet-org/frontend")
    for name in repositories:
        gate.validate(name, "success")
        gate.github.deploy(name)
    gate.settle()
    for name in (*[REPOSITORY] * 5, "quiet-org/frontend"):
        gate.github.deploy(name)
    gate.github.wait_until_delivered()
    room = Room(free=16, of_one=3)
    begun = ingest(gate.due_deliveries(), gate.service.deps, begin=room).begun
    of = Counter(it.lease.installation_id == quiet for it in begun)
    assert of == {True: 1, False: 3}
