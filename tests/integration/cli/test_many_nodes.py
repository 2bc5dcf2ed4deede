"""The page about several nodes can be followed to the letter.

Its commands run as they are, but for what needs root or minutes: PostgreSQL comes from the tests,
ports are free ones, and where HAProxy is not installed, the benchmark's load balancer stands in.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Final

import pytest

from tests.support.ports import unused_port
from tests.support.postgres_server import postgresql_server

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs/how-to/run-many-nodes.md"
EXAMPLES: Final = "docs/examples/many-nodes"
PORTS: Final = ("4100", "8080", "8081", "8082")
LEFT_OUT: Final = ("sudo ", "make setup")
SLOW: Final = "Kill a node in the middle of its work"
DEADLINE: Final = 110
_STAND_IN: Final = """#!/bin/sh
cd "{root}" && exec "{python}" -m tests.bench.fleet.balancer {ports}
"""


def steps() -> Iterator[tuple[str, list[str]]]:
    """Return the heading and the commands of each step."""
    trial = PAGE.read_text("utf-8").partition("## In production")[0]
    for step in re.split(r"^### \d+\. ", trial, flags=re.MULTILINE)[1:]:
        yield step.splitlines()[0], re.findall(r"^    (.*)$", step, re.MULTILINE)


@pytest.fixture
def ports() -> dict[str, str]:
    """Choose a free port for each that the page names."""
    return {port: str(unused_port()) for port in PORTS}


@pytest.fixture
def clone(tmp_path: Path, ports: dict[str, str]) -> Path:
    """Lay out what a newcomer has: the examples, `.venv`, and a load balancer."""
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / EXAMPLES).mkdir(parents=True)
    for file in (ROOT / EXAMPLES).iterdir():
        (tmp_path / EXAMPLES / file.name).write_text(replaced(file.read_text("utf-8"), ports))
    if shutil.which("haproxy") is None:
        (tmp_path / "bin").mkdir()
        listened = " ".join(ports[it] for it in PORTS[1:])
        text = _STAND_IN.format(root=ROOT, python=sys.executable, ports=listened)
        (tmp_path / "bin/haproxy").write_text(text)
        (tmp_path / "bin/haproxy").chmod(0o700)
    return tmp_path


def replaced(text: str, ports: dict[str, str]) -> str:
    """Put free ports in the place of those that the page names."""
    return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda it: ports[it[0]], text)


def test_the_page_can_be_followed(clone: Path, ports: dict[str, str]) -> None:
    """Two nodes, one killed with 20 held deployments, one drained and replaced: nothing is lost."""
    headings = [heading for heading, _ in steps()]
    assert SLOW in headings
    with postgresql_server() as url:
        lines = [
            re.sub(r"(GATE_DATABASE_URL)=\S+", rf"\1='{url}'", line)
            for heading, commands in steps()
            if heading != SLOW
            for line in commands
            if not line.startswith(LEFT_OUT)
        ]
        output = run("\n".join(lines), clone, ports)
    assert "schema migrated from empty to" in output
    assert "\n20\n" in output
    assert "hashes, links, numbers, signatures and heads" in output
    assert "the schema is current" in output
    assert not (clone / "many-nodes").exists()


def run(script: str, folder: Path, ports: dict[str, str]) -> str:
    """Run commands in a shell that ends at the first that fails; end whatever is left of them."""
    environ = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    environ |= {"PATH": f"{folder}/bin:{environ['PATH']}", "GATE_DRAIN_SECONDS": "0"}
    output = folder / "output"
    with output.open("w") as written:
        shell = subprocess.Popen(
            ["/bin/bash", "-eu", "-c", replaced(script, ports)],
            cwd=folder,
            env=environ,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    watch = Timer(DEADLINE, lambda: end_group(shell.pid))
    watch.start()
    try:
        shell.wait()
    finally:
        # A shell that ended early has left its nodes, and so does a test that is interrupted.
        watch.cancel()
        end_group(shell.pid)
        shell.wait()
    assert shell.returncode == 0, output.read_text()
    return output.read_text()


def end_group(leader: int) -> None:
    """Kill a shell and whatever it has started in the background."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
