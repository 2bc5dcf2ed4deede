"""Run the service as a process beside the simulated GitHub."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from gate.manifest import load_manifest
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from tests.support import process
from tests.support.forked import ForkedProcess
from tests.support.harness import ENVIRONMENT, REPOSITORY, SECRET
from tests.support.keys import make_key_pair
from tests.support.ports import unused_port

_HALF_A_MINUTE: Final = 40.0
"""Long enough for what is tried again after a failure, and for the lease of a killed process."""


class Process:
    """The service's process and the simulated GitHub beside it."""

    def __init__(
        self, github: SimulatedGitHub, environ: dict[str, str], port: int, ahead: Path
    ) -> None:
        self.github = github
        self.url = f"http://127.0.0.1:{port}"
        self.environ = environ
        self._port = port
        self._ahead = ahead
        self._advanced = 0.0
        self.advance(0)
        self._process: ForkedProcess | None = None

    def start(self, *failpoint: str) -> None:
        """Start it and wait until it is ready."""
        port = str(self._port)
        self._process = ForkedProcess(process.main, port, *failpoint, environ=self.environ)
        self.wait(self.is_ready, "the service to be ready")

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self._advanced += seconds
        # Replaced in one step: the process reads it all the time.
        written = self._ahead.with_suffix(".new")
        written.write_text(str(self._advanced))
        written.replace(self._ahead)
        self.github.advance(seconds)

    def is_ready(self) -> bool:
        """Return whether the service can do its work."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=1).ok
        except requests.RequestException:
            return False

    @property
    def has_died(self) -> bool:
        """Return whether the process is gone."""
        return self._process is not None and self._process.poll() is not None

    @property
    def exit_status(self) -> int | None:
        """Return the status with which the process has ended."""
        return self._process.poll() if self._process is not None else None

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def is_stopped(self) -> bool:
        """Return whether the process has been stopped, as by SIGSTOP."""
        assert self._process is not None
        state = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "T"

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process is not None
        Path(self.environ["TESTS_GO_ON_FILE"]).touch()
        self._process.send_signal(signal.SIGCONT)

    def beside(self) -> Process:
        """Return one more node on the same database, GitHub and clock, not started yet."""
        other = Process(self.github, self.environ, unused_port(), self._ahead)
        other._advanced = self._advanced
        return other

    def stop(self) -> None:
        """Kill it, if it lives."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait until something is so; fail when it takes too long."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"waited too long for {what}"
            time.sleep(0.01)  # between two looks at another process

    def skip_until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until something is so that is due in half a minute, which is skipped.

        It is skipped again each second: the time at which it is due may be set after a skip.
        """
        skipped_at = -math.inf

        def is_so() -> bool:
            nonlocal skipped_at
            if condition():
                return True
            if time.monotonic() > skipped_at + 1:
                self.advance(_HALF_A_MINUTE)
                skipped_at = time.monotonic()
            return False

        self.wait(is_so, what)

    def answers(self, run_id: int) -> list[str | None]:
        """List the answers GitHub took for a run."""
        return [
            it.state
            for it in self.github.reviews(run_id)
            if it.state is not None and it.status == 204
        ]

    def state(self, run_id: int) -> str:
        """Return the state of a run's request as the API shows it."""
        return str(self._shown(run_id).get("state", ""))

    def reason(self, run_id: int) -> str:
        """Return the main reason of a run's request as the API shows it."""
        return str(next(iter(self._shown(run_id).get("reasons", ())), ""))

    def _shown(self, run_id: int) -> dict[str, Any]:
        asked = f"{self.url}/api/v1/requests?run_id={run_id}"
        items: list[dict[str, Any]] = requests.get(asked, timeout=10).json()["items"]
        return items[0] if items else {}


@contextmanager
def prepared(tmp_path: Path, database_url: str) -> Iterator[Process]:
    """Return a service that is not started yet, with one gated repository."""
    github = SimulatedGitHub()
    private, public = make_key_pair()
    manifest = load_manifest()
    port = unused_port()
    with serve(github) as api_url:
        app_id = github.register_app(
            public_key_pem=public,
            webhook_secret=SECRET,
            webhook_url=f"http://127.0.0.1:{port}/webhooks/github",
            permissions=dict(manifest.permissions),
            events_wanted=list(manifest.events),
        )
        installation_id = github.create_installation("octo-org")
        github.create_repository(REPOSITORY, installation_id)
        github.protect_environment(REPOSITORY, ENVIRONMENT)
        inherited = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
        environ = inherited | {
            "GATE_GITHUB_APP_ID": str(app_id),
            "GATE_GITHUB_PRIVATE_KEY": private,
            "GATE_GITHUB_WEBHOOK_SECRET": SECRET,
            "GATE_GITHUB_API_URL": api_url,
            "GATE_DATABASE_URL": database_url,
            "GATE_SWEEP_SECONDS": "1",
            "TESTS_CLOCK_FILE": f"{tmp_path}/clock",
            "TESTS_PLACES_FILE": f"{tmp_path}/places",
            "TESTS_GO_ON_FILE": f"{tmp_path}/go-on",
        }
        running = Process(github, environ, port, tmp_path / "clock")
        try:
            yield running
        finally:
            running.stop()
