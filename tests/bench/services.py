"""Start the service and the simulated GitHub, each in a process of its own, and watch them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gate.manifest import load_manifest
from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.client import SimulatorClient

SECRET: Final = "the benchmark's webhook secret"
ENVIRONMENT: Final = "production-frontend"


@dataclass(slots=True)
class Rig:
    """The two processes and what they have used so far."""

    gate: psutil.Process
    simulator: psutil.Process
    github: SimulatorClient
    url: str
    database_url: str

    def gate_cpu(self) -> float:
        """Return the seconds of CPU the service has used."""
        used = self.gate.cpu_times()
        return float(used.user + used.system)

    def gate_memory(self) -> float:
        """Return the service's resident memory in MiB."""
        return float(self.gate.memory_info().rss) / 2**20


def wait_for(
    condition: Callable[[], bool], what: str, seconds: float = 120.0, *, every: float = 0.1
) -> None:
    """Wait until something is so; raises TimeoutError when it takes too long.

    Each look costs the simulated GitHub some work, so a busy one is asked seldom.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(every)


@dataclass(frozen=True, slots=True)
class Stage:
    """A simulated GitHub with an App, and what a gate needs to be that App."""

    simulator: psutil.Process
    github: SimulatorClient
    environ: dict[str, str]
    log: Path

    def start_gate(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start a command of the gate; its log goes where that of all others goes."""
        return _start(arguments, self.environ, self.log)


@contextmanager
def stage(url: str, folder: Path, events: list[str] | None = None) -> Iterator[Stage]:
    """Run a simulated GitHub that posts the App's webhooks to a gate at `url`.

    `events` narrows what the App subscribes to. The database is a file in `folder`, until somebody
    names another one in the environment.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    port = free_port()
    api, log = f"http://127.0.0.1:{port}", folder / "log"
    manifest = load_manifest()
    simulator = _start(["simulator", "--port", str(port)], {}, log)
    try:
        github = SimulatorClient(api)
        wait_for(lambda: answers(f"{api}/meta"), "the simulator to start")
        app_id = github.register_app(
            public_key_pem=public.decode(),
            webhook_secret=SECRET,
            webhook_url=f"{url}/webhooks/github",
            permissions=dict(manifest.permissions),
            events_wanted=events if events is not None else list(manifest.events),
        )
        environ = {
            "GATE_GITHUB_APP_ID": str(app_id),
            "GATE_GITHUB_PRIVATE_KEY": private,
            "GATE_GITHUB_WEBHOOK_SECRET": SECRET,
            "GATE_GITHUB_API_URL": api,
            # The simulated GitHub counts no points, so nobody has to wait for them.
            "GATE_GITHUB_POINTS_PER_MINUTE": "1000000",
            "GATE_GITHUB_OIDC_ISSUER": f"{api}{OIDC_PREFIX}",
            "GATE_PUBLIC_URL": url,
            "GATE_DATABASE_URL": f"sqlite:///{folder}/gate.db",
            "GATE_LOG_FORMAT": "json",
        }
        yield Stage(psutil.Process(simulator.pid), github, environ, log)
    finally:
        simulator.kill()
        simulator.wait(60)


@contextmanager
def rig(events: list[str] | None = None, *, alerts_to: str | None = None) -> Iterator[Rig]:
    """Run both processes while the context lasts; `events` narrows what the App subscribes to.

    `alerts_to` is where alerts are posted to, as signed JSON.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        TemporaryDirectory(prefix="gate-bench-") as folder,
        stage(url, Path(folder), events) as set_up,
    ):
        if alerts_to is not None:
            set_up.environ["GATE_ALERT_WEBHOOK_URL"] = alerts_to
            set_up.environ["GATE_ALERT_WEBHOOK_SECRET"] = SECRET
        gate = set_up.start_gate(["serve", "--port", str(port)])
        try:
            wait_for(lambda: answers(f"{url}/readyz"), "the gate to start")
            database_url = set_up.environ["GATE_DATABASE_URL"]
            yield Rig(psutil.Process(gate.pid), set_up.simulator, set_up.github, url, database_url)
        finally:
            gate.terminate()
            gate.wait(60)


def _start(arguments: list[str], environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    inherited = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    with log.open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "gate", *arguments], env=inherited | environ, stderr=stream
        )


def answers(url: str) -> bool:
    """Return whether an address answers with success."""
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
