"""`gate simulator --ready`: three commands, and a deployment that is held and released."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests
from click.testing import CliRunner

from gate.cli import gate as command
from gate.demo.ready import register
from gate.errors import ConfigError
from gate.simulator.client import SimulatorClient
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.support.harness import wait_for
from tests.support.ports import unused_port

PAGE: Final = Path(__file__).parents[3] / "docs/how-to/try-with-the-simulator.md"
COMMAND: Final = re.compile(r"`github (\w+) '([^']+)'`")
STEP: Final = re.compile(r"^\d\. .*:\n   (.+)$", re.MULTILINE)


@contextmanager
def running(words: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `gate` in a folder until the context ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gate", *words],
        cwd=folder,
        env={name: it for name, it in os.environ.items() if not name.startswith("GATE_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def read_steps(process: subprocess.Popen[str]) -> list[str]:
    """Read what it prints until the three commands are there."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("In between"):
            return STEP.findall(said)
    raise AssertionError(said)


def test_the_three_commands_tell_the_story(tmp_path: Path) -> None:
    """They are run as they are printed."""
    port, gate_port = str(unused_port()), str(unused_port())
    words = ["simulator", "--ready", "--port", port, "--gate-port", gate_port]
    with running(words, tmp_path) as simulator:
        start, hold, release = read_steps(simulator)
        assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
        github = SimulatorClient(f"http://127.0.0.1:{port}")
        with running(start.split()[1:], tmp_path):
            wait_for(lambda: is_ready(gate_port), "the gate")
            subprocess.run(["/bin/sh", "-c", hold], check=True, stdout=subprocess.DEVNULL)
            wait_for(lambda: states(github) == [None], "the hold")
            # Of two runs in one second the worse counts, and GitHub tells whole seconds.
            github.advance(2)
            subprocess.run(["/bin/sh", "-c", release], check=True, stdout=subprocess.DEVNULL)
            wait_for(lambda: "approved" in states(github), "the release")
        github.close()


def is_ready(port: str) -> bool:
    """Return whether the gate serves."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=1).ok
    except requests.RequestException:
        return False


def states(github: SimulatorClient) -> list[str | None]:
    """List what the gate answered; None is a status report."""
    return [it.state for it in github.reviews()]


def test_a_file_that_is_there_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have the settings of a real gate."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GATE_GITHUB_APP_ID=1\n")
    done = CliRunner().invoke(command, ["simulator", "--ready"])
    assert isinstance(done.exception, ConfigError)
    assert "--force" in str(done.exception)
    assert (tmp_path / ".env").read_text() == "GATE_GITHUB_APP_ID=1\n"


def test_the_commands_of_the_page_are_taken() -> None:
    """Each stands on the page as it can be run."""
    github = SimulatedGitHub()
    with serve(github) as url:
        register(github, "http://127.0.0.1:9", "a secret of the tests")
        commands = COMMAND.findall(PAGE.read_text("utf-8"))
        assert len(commands) > 4
        for name, body in commands:
            answered = requests.post(f"{url}/_simulator/{name}", data=body, timeout=10)
            assert answered.status_code == 200, (name, answered.text)
