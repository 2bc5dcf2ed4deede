"""What each command says when something it depends on is broken."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.githubapp.keys import make_key_pair

CONFIGURATION, USAGE, FAILED = 78, 2, 1
COMMANDS = {
    "serve": ("serve", "--port", "0"),
    "migrate": ("migrate",),
    "stats": ("stats",),
    "replay": ("replay", "1"),
    "audit verify": ("audit", "verify"),
    "audit export": ("audit", "export"),
    "doctor": ("doctor",),
    "worker": ("worker",),
}
DOWN = "postgresql+psycopg://gate:secret-word@127.0.0.1:1/gate"
KEY = make_key_pair()[0]


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with all settings but those given being good."""
    variables = {
        "GATE_GITHUB_APP_ID": "1",
        "GATE_GITHUB_PRIVATE_KEY": KEY,
        "GATE_GITHUB_WEBHOOK_SECRET": "a-secret-for-these-tests",
        "GATE_GITHUB_API_URL": "http://127.0.0.1:1",
        "GATE_GITHUB_OIDC_ISSUER": "http://127.0.0.1:1",
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "gate", *command],
        env={**os.environ, **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def broken(kind: str, folder: Path) -> str:
    """Give the address of a database that cannot be used."""
    text = folder / "text.db"
    text.write_text("this is text and was never a database of any kind\n" * 9)
    return {
        "down": DOWN,
        "no database": f"sqlite:///{text}",
        "no folder": f"sqlite:///{folder}/nowhere/gate.db",
        "not writable": "sqlite:////proc/gate.db",
    }[kind]


@pytest.mark.parametrize("kind", ["down", "no database", "no folder", "not writable"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_database_is_one_line(tmp_path: Path, command: str, kind: str) -> None:
    """Each command names the setting in one line, and ends with the status of its kind."""
    done = run(tmp_path, *COMMANDS[command], GATE_DATABASE_URL=broken(kind, tmp_path))
    assert "Traceback" not in done.stderr
    assert "secret-word" not in done.stdout + done.stderr
    if command == "doctor":
        assert done.returncode == FAILED
        assert [it for it in done.stdout.splitlines() if it.startswith("fail database: ")]
        return
    assert done.returncode == CONFIGURATION
    told = done.stderr.splitlines()
    assert told[-1].startswith("  - GATE_DATABASE_URL: ")
    if kind == "not writable" and command in {"serve", "migrate"}:
        assert "/proc/gate.db cannot be written" in told[-1]


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """Neither the gate nor the simulator answers a port in use with a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = [run(tmp_path, it, "--port", port) for it in ("simulator", "serve")]
    assert [it.returncode for it in found] == [USAGE, CONFIGURATION]
    for done in found:
        assert "Traceback" not in done.stderr
        assert port in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("host", ["10.0.0.1", "example.com", "0.0.0.0"])  # noqa: S104 - it is refused
def test_the_simulator_stays_on_loopback(tmp_path: Path, host: str) -> None:
    """A host that is not loopback is an error of usage."""
    done = run(tmp_path, "simulator", "--host", host)
    assert done.returncode == USAGE
    assert "Traceback" not in done.stderr
    assert "stays on loopback" in done.stderr.splitlines()[-1]


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody else may read the database or the files beside it."""
    before = os.umask(0)
    try:
        done = run(tmp_path, "migrate", GATE_DATABASE_URL=f"sqlite:///{tmp_path}/gate.db")
    finally:
        os.umask(before)
    assert done.returncode == 0
    made = list(tmp_path.iterdir())
    assert tmp_path / "gate.db" in made
    assert {stat.S_IMODE(it.stat().st_mode) for it in made} == {0o600}
