"""The real commands: one trace over two nodes, and nothing of OpenTelemetry while it is off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from gate.cli import main as gate
from tests.integration.process.service_process import Process, prepared
from tests.support.forked import ForkedProcess
from tests.support.harness import REPOSITORY, wait_for
from tests.support.postgres import PostgresServer
from tests.support.trace_receiver import collecting

OFF = """
import sys
from gate.bootstrap.service import create_service
from gate.bootstrap.web import create_shell
from gate.cli.service.settings import load_for_service
service = create_service(load_for_service())
create_shell(service, with_worker=True)
service.close()
print(sorted(it for it in sys.modules if it.startswith("opentelemetry") or it == "google.protobuf"))
"""


@contextmanager
def running(process: Process, command: list[str]) -> Iterator[ForkedProcess]:
    """Run a command of the gate, and end it as a platform does."""
    node = ForkedProcess(gate, *command, environ=process.environ)
    try:
        yield node
        node.terminate()
        assert node.wait(30) == 0
    finally:
        node.kill()
        node.wait(30)


def test_one_trace_from_the_webhook_at_one_node_to_the_answer_by_another(
    tmp_path: Path, server: PostgresServer
) -> None:
    """The door's span is of the node that has no worker, everything else of the other one."""
    with (
        server.migrated_database() as url,
        prepared(tmp_path, url) as process,
        collecting() as collector,
    ):
        process.environ["GATE_TRACES_ENDPOINT"] = collector.url
        port = process.url.rpartition(":")[2]
        with (
            running(process, ["serve", "--no-worker", "--port", port]),
            running(process, ["worker"]),
        ):
            wait_for(lambda: _is_ready(process), "the node to serve")
            process.github.validate(REPOSITORY, "success")
            run_id = process.github.deploy(REPOSITORY).run_id
            process.wait(lambda: process.answers(run_id) == ["approved"], "the answer")
        (answer,) = [
            it for it in collector.named("effect") if it.attributes["gate.outcome"] == "sent"
        ]
        spans = [it for it in collector.spans() if it.trace == answer.trace]
        (door,) = [it for it in spans if it.name == "webhook"]
        (answering,) = [it for it in spans if it.id == answer.parent]
        assert answering.name == "request.pass"
        assert answering.parent == door.id
        assert {it.parent for it in spans if it.name == "delivery.read"} == {door.id}
        assert {it.process == door.process for it in spans if it is not door} == {False}
        assert len({it.process for it in spans}) == 2


def _is_ready(process: Process) -> bool:
    try:
        return requests.get(f"{process.url}/readyz", timeout=1).ok
    except requests.RequestException:
        return False


def test_opentelemetry_is_not_loaded_while_traces_are_off(tmp_path: Path) -> None:
    """Neither it nor protobuf, which takes most of the time."""
    with prepared(tmp_path, f"sqlite:///{tmp_path}/gate.db") as process:
        command = [sys.executable, "-c", OFF]
        loaded = [_output(command, process.environ)]
        with collecting() as collector:
            on = process.environ | {"GATE_TRACES_ENDPOINT": collector.url}
            loaded.append(_output(command, on))
    assert loaded[0] == "[]"
    assert "opentelemetry.sdk.trace" in loaded[1]


def _output(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environ, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    return done.stdout.decode().strip()
