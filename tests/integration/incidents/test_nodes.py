"""Two nodes on one PostgreSQL look after the same incident, and people hear of it once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from gate.domain.model.hints import Work
from gate.reconciler.incidents.check import check_incidents
from gate.reconciler.ingest.ingest import ingest
from gate.store.incidents import checks, incidents
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, Gate, running_gate
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once


@pytest.fixture
def gate(server: PostgresServer, receiver: Receiver) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with a channel."""
    with server.migrated_database() as url, running_gate(url, alerts_to=receiver.url) as running:
        yield running


def test_two_nodes_open_one_incident_and_page_once(
    gate: Gate, second: Gate, receiver: Receiver
) -> None:
    """Both look, ask GitHub for what the page waits for, and send, each at the same moment."""
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    database, deps = gate.service.database, gate.service.deps
    ingest(gate.due_deliveries(), deps)
    (repository_id,) = database.read(lambda snapshot: checks.rows.due(snapshot, deps.clock(), 10))
    nodes = [gate.service.deps, second.service.deps] * 4
    at_once([partial(check_incidents, repository_id, node) for node in nodes])
    found = database.read(lambda snapshot: incidents.open_incidents(snapshot, repository_id))
    assert [(it.incident.id, it.events) for it in found] == [(1, 1)]
    workers = [gate.service.worker, second.service.worker] * 4
    at_once([partial(worker.do, Work.ISSUES) for worker in workers])
    at_once([partial(worker.do, Work.ARTIFACTS) for worker in workers])
    at_once([partial(check_incidents, repository_id, node) for node in nodes])
    assert len(gate.github.issues_of(REPOSITORY)) == 1
    at_once([partial(worker.do, Work.ALERTS) for worker in workers])
    assert len(receiver.received) == 1
    gate.settle()
    assert len(receiver.received) == 1


def test_red_to_resolved(gate: Gate, second: Gate, receiver: Receiver) -> None:
    """The first node tells of it, the second of its end."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.validate(REPOSITORY, "success")
    second.settle()
    keys = [it.headers["x-gate-delivery"] for it in receiver.received]
    assert keys == ["incident/1/page", "incident/1/recovery/1"]
