"""A node that is asked to end leaves in good order, and another goes on at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gate.simulator.faults import Fault
from gate.store.engine.database import Database
from gate.store.nodes.nodes import list_nodes
from tests.integration.process.service_process import Process, prepared
from tests.support.harness import REPOSITORY
from tests.support.postgres import postgres_server

_REVIEW = "deployment_protection_rule$"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Process]:
    """Give a node on PostgreSQL that is not started yet."""
    with (
        postgres_server() as server,
        server.migrated_database() as url,
        prepared(tmp_path, url) as made,
    ):
        made.environ |= {"GATE_GRACE_SECONDS": "3", "GATE_DRAIN_SECONDS": "2"}
        yield made


def test_a_node_that_drains_stores_webhooks_and_releases_what_it_holds(
    node: Process, tmp_path: Path
) -> None:
    """It is not ready, takes webhooks all the same, and its request waits for no lease."""
    github, other = node.github, node.beside()
    database = Database(node.environ["GATE_DATABASE_URL"])
    node.start("never")
    github.validate(REPOSITORY, "success")
    # It keeps the call waiting for longer than the grace, and then does nothing.
    hanging = github.add_fault(Fault(_REVIEW, method="POST", status=502, delay_before=6, times=1))
    first = github.deploy(REPOSITORY).run_id
    places = tmp_path / "places"
    node.wait(lambda: places.exists() and "decided" in places.read_text(), "the call")
    node.send_signal(signal.SIGTERM)
    node.wait(lambda: not node.is_ready(), "the node not to be ready")
    checks = requests.get(f"{node.url}/readyz", timeout=5).json()["checks"]
    assert checks["node"] == "draining"
    known = {it.id for it in github.deliveries()}
    second = github.deploy(REPOSITORY).run_id
    github.wait_until_delivered()
    later = [it.status_code for it in github.deliveries() if it.id not in known]
    assert 202 in later
    assert set(later) <= {200, 202}
    node.wait(lambda: node.has_died, "the node to end", 15)
    assert node.exit_status == 0
    assert database.read(list_nodes) == []
    database.close()
    github.clear_faults(hanging)
    try:
        other.start()
        for run_id in (first, second):
            # Nobody moves the clock: a lease would run for three minutes.
            other.wait(lambda it=run_id: other.answers(it) == ["approved"], "the answer", 30)  # type: ignore[misc]
    finally:
        other.stop()
