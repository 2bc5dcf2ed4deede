"""Steps of the tests in which the service goes on with another database."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import requests

from tests.integration.process.service_process import Process
from tests.support.forked import run_gate
from tests.support.harness import REPOSITORY


def command(process: Process, *arguments: str) -> str:
    """Run a command with the settings of the service, and give what it printed."""
    done = run_gate(*arguments, environ=os.environ | process.environ)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def segments(process: Process) -> list[tuple[int, str]]:
    """List where the segments of the trail begin, and why; the trail must be whole."""
    entries: list[dict[str, Any]] = [
        json.loads(it) for it in command(process, "audit", "export").splitlines()
    ]
    found = [(it["sequence"], it["reason"]) for it in entries if it["kind"] == "segment.begun"]
    assert command(process, "audit", "verify").count("segment from entry") == len(found)
    return found


def incidents(process: Process) -> list[str]:
    """List the states of the incidents."""
    found = requests.get(f"{process.url}/api/v1/incidents", timeout=10).json()["items"]
    return [it["state"] for it in found]


def lose_database(folder: Path) -> None:
    """Delete the file and what SQLite keeps beside it."""
    for it in folder.glob("gate.db*"):
        it.unlink()


def hold(process: Process) -> int:
    """Start a deployment, and wait until it is held."""
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.state(run_id) == "waiting", "the hold")
    return run_id


def turn_green(process: Process, *run_ids: int) -> None:
    """Let validation pass, and wait until the deployments are released, each by one answer."""
    process.github.advance(1)
    process.github.validate(REPOSITORY, "success")
    for it in run_ids:
        process.wait(lambda it=it: process.state(it) == "approved", "the answer")  # type: ignore[misc]
    assert [process.answers(it) for it in run_ids] == [["approved"]] * len(run_ids)
