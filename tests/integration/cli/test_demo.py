"""What the demo leaves behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gate.demo.neighbors import NEIGHBORS
from gate.demo.stage import Stage, choose_port, set_stage
from gate.demo.story import perform
from gate.errors import ConfigError
from gate.web.door.server import free_port


def test_the_whole_story_comes_out_as_expected(tmp_path: Path) -> None:
    """Every scene of the demo; it exits 0 only then."""
    done = subprocess.run(
        [sys.executable, "-m", "gate", "demo", "--port", str(free_port("127.0.0.1", 0))],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout


def test_a_demo_that_is_terminated_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither its service nor its folder outlives it."""
    port = free_port("127.0.0.1", 0)
    running = subprocess.Popen(
        [sys.executable, "-m", "gate", "demo", "--keep", "--port", str(port)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 60
        while not _listens(port):
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        running.terminate()
        _, said = running.communicate(timeout=60)
    finally:
        running.kill()

    assert (running.returncode, said) == (143, b"")
    assert not _listens(port)
    assert list(tmp_path.glob("gate-demo-*")) == []


def test_other_repositories_join_a_demo_that_is_kept() -> None:
    """Each comes to the state that its scene names; the doctor finds what is wrong on purpose."""
    with set_stage(free_port("127.0.0.1", 0)) as stage:
        played = list(perform(stage, NEIGHBORS))
        done = _examine(stage)
    assert [scene.title for scene, seen in played if not seen.ok] == []
    lines = [line for line in done.stdout.splitlines() if line[:2] != "ok"]
    bypass = [line for line in lines if "administrators can bypass the gate" in line]
    assert bypass
    found = [line.split(":")[0] for line in lines if line not in bypass]
    assert found == [
        "warn organization policy of octo-org",
        "fail octo-org/mobile",
    ], done.stdout + done.stderr
    assert done.returncode == 1


def test_a_busy_port_is_no_obstacle_unless_it_was_asked_for() -> None:
    """The usual port is taken where it is free, else another that is."""
    free = free_port("127.0.0.1", 0)
    assert choose_port(None, usual=free) == free
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        assert choose_port(None, usual=busy) not in {0, busy}
        with pytest.raises(ConfigError, match="cannot be bound"):
            choose_port(busy)


def test_the_sandbox_has_settings_for_the_commands() -> None:
    """A command that runs in the folder of a demo that is kept sees the demo's gate."""
    with set_stage(free_port("127.0.0.1", 0)) as stage:
        done = _examine(stage)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "octo-org/frontend: gates production-frontend" in done.stdout


def _examine(stage: Stage) -> subprocess.CompletedProcess[str]:
    """Run `gate doctor` in the folder of the demo, with none of our own settings."""
    plain = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    return subprocess.run(
        [sys.executable, "-m", "gate", "doctor"],
        env=plain,
        cwd=stage.save_settings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
