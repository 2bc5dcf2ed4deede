"""Real nodes on one PostgreSQL: stopped in mid-call, with wrong clocks, cut off, and drained."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import make_url

from gate.cli import main as gate
from gate.reconciler.deadlines import SEEN_AFTER
from gate.simulator.faults import Fault
from gate.store.engine.database import Database
from gate.store.nodes.nodes import list_nodes
from tests.chaos.clocks import find_library
from tests.chaos.wires import running_wires, to_unix_socket
from tests.integration.process.service_process import Process, prepared
from tests.support.forked import ForkedProcess
from tests.support.harness import REPOSITORY, wait_for
from tests.support.postgres import PostgresServer, postgres_server

_REVIEW = "deployment_protection_rule$"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Provide a PostgreSQL of the module's own."""
    with postgres_server() as running:
        yield running


@pytest.fixture
def node(server: PostgresServer, tmp_path: Path) -> Iterator[Process]:
    """Provide a node that is not started yet."""
    with server.migrated_database() as url, prepared(tmp_path, url) as made:
        yield made


def test_a_node_that_is_stopped_while_github_answers(node: Process, tmp_path: Path) -> None:
    """Another finds the answer that it has given; it goes on, and none is given again."""
    github, other = node.github, node.beside()
    node.start("never")
    github.validate(REPOSITORY, "success")
    held = github.add_fault(Fault(_REVIEW, method="POST", delay_after=3, times=1))
    run_id = github.deploy(REPOSITORY).run_id
    node.wait(lambda: node.answers(run_id) == ["approved"], "the answer")
    node.send_signal(signal.SIGSTOP)
    node.wait(lambda: node.is_stopped, "the node to be stopped")
    try:
        other.start()
        other.advance(200)
        other.wait(lambda: other.state(run_id) == "approved", "the other node to find it")
        node.send_signal(signal.SIGCONT)
        places = tmp_path / "places"
        node.wait(lambda: places.read_text().split().count("settled") >= 1, "the node to go on")
        github.clear_faults(held)
        assert node.answers(run_id) == ["approved"]
        assert other.state(run_id) == "approved"
    finally:
        other.stop()


@pytest.mark.skipif(find_library() is None, reason="libfaketime is not installed")
def test_nodes_whose_clocks_are_two_minutes_apart_judge_alike(node: Process) -> None:
    """Half a minute around the age at which a green ends, both say what the time says."""
    github, other = node.github, node.beside()
    fake = {"LD_PRELOAD": str(find_library()), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    node.environ = node.environ | fake | {"FAKETIME": "-60s"}
    other.environ = other.environ | fake | {"FAKETIME": "+60s"}
    node.start()
    other.start()
    github.validate(REPOSITORY, "success")

    def ask(asked: Process) -> int:
        github.set_webhook_url(f"{asked.url}/webhooks/github")
        return github.deploy(REPOSITORY).run_id

    try:
        node.advance(24 * 3600 - 30)
        for asked in (node, other):
            run_id = ask(asked)
            asked.wait(lambda it=run_id: node.answers(it) == ["approved"], "the answer")  # type: ignore[misc]
        node.advance(60)
        for asked in (node, other):
            run_id = ask(asked)
            stale = "validation_stale"
            asked.wait(lambda it=run_id: asked.reason(it) == stale, "the hold")  # type: ignore[misc]  # noqa: B023
            assert node.answers(run_id) == []
    finally:
        other.stop()


def test_a_read_only_minute_loses_nothing(node: Process, server: PostgresServer) -> None:
    """While a standby is promoted nothing can be written: readiness says so, and all is made up."""
    github = node.github
    url = node.environ["GATE_DATABASE_URL"]
    node.start()
    github.validate(REPOSITORY, "success")
    server.set_read_only(url, read_only=True)
    node.wait(lambda: not node.is_ready(), "the node not to be ready")
    checks = requests.get(f"{node.url}/readyz", timeout=5).json()["checks"]
    assert checks["database"] == "database_busy"
    run_id = github.deploy(REPOSITORY).run_id
    github.wait_until_delivered()
    assert github.deliveries()[0].status_code == 503
    server.set_read_only(url, read_only=False)
    node.wait(node.is_ready, "the node to be ready again")
    node.wait(lambda: node.answers(run_id) == ["approved"], "the answer")


def test_a_node_that_drains_stores_webhooks_and_releases_what_it_holds(
    node: Process, tmp_path: Path
) -> None:
    """It is not ready, takes webhooks all the same, and its request waits for no lease."""
    node.environ |= {"GATE_GRACE_SECONDS": "3", "GATE_DRAIN_SECONDS": "2"}
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
        # Nobody moves the clock: a lease would run for three minutes.
        other.wait(lambda: other.answers(second) == ["approved"], "the answer", 30)
        # The call may still arrive: only later its absence says something.
        assert other.answers(first) == []
        other.advance(SEEN_AFTER.total_seconds())
        other.wait(lambda: other.answers(first) == ["approved"], "the answer", 30)
    finally:
        other.stop()


def test_a_second_signal_ends_a_worker_at_once(
    node: Process, server: PostgresServer, tmp_path: Path
) -> None:
    """Whatever it still waits for, here a database that does not answer."""
    log = tmp_path / "log"

    def logged(event: str) -> bool:
        return f'"event":"{event}"' in log.read_text()

    log.touch()
    with running_wires() as wires:
        wire = wires.add(to_unix_socket(server.socket))
        url = make_url(node.environ["GATE_DATABASE_URL"])
        over = url.set(host="127.0.0.1", port=wire.port, query={})
        environ = node.environ | {
            "GATE_DATABASE_URL": over.render_as_string(hide_password=False),
            "GATE_LOG_FORMAT": "json",
        }
        worker = ForkedProcess(gate, "worker", environ=environ, stdout=log, stderr=log)
        try:
            wait_for(lambda: logged("fleet.listening"), "the worker to run")
            wire.set("silent")
            worker.terminate()
            wait_for(lambda: logged("node.draining"), "the worker to stop")
            worker.terminate()
            assert worker.wait(20) == 128 + signal.SIGTERM
            assert logged("worker.aborted")
        finally:
            worker.kill()
