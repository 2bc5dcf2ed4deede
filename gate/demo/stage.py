"""Set the stage of the demo: a simulated GitHub here, the real service in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import requests

from gate.demo.mailbox import Mailbox, open_mailbox
from gate.demo.ready import ENVIRONMENT, REPOSITORY, register
from gate.errors import ConfigError
from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.github import SimulatedGitHub
from gate.simulator.server import serve
from gate.web.door.server import free_port

USUAL_PORT: Final = 8080
_SECRET: Final = "the demo's own webhook secret"  # noqa: S105 - it guards nothing
_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.005


@dataclass(slots=True)
class Stage:
    """What a scene may touch."""

    github: SimulatedGitHub
    api_url: str
    url: str
    environ: dict[str, str]
    log: IO[str]
    mailbox: Mailbox
    installation_id: int
    process: subprocess.Popen[str] | None = field(default=None)

    def start_gate(self) -> None:
        """Start `gate serve` and wait until it is ready; raises ConfigError when it is not.

        It runs in the demo's own folder, where no `.env` of the caller's is read.
        """
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "gate", "serve", "--port", port]
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=self.environ, stderr=self.log, text=True, cwd=Path(self.log.name).parent
        )
        if not self.wait(self._is_ready, _START_SECONDS):
            raise ConfigError((f"the gate did not start on {self.url}; see {self.log.name}",))

    def save_settings(self) -> Path:
        """Write the service's settings to `.env` in its folder, and return the folder.

        A command that is run there reads them, so it sees the demo's gate.
        """
        folder = Path(self.log.name).parent
        lines = (
            f"{name}={value.replace(chr(10), chr(92) + 'n')}\n"
            for name, value in self.environ.items()
            if name.startswith("GATE_")
        )
        (folder / ".env").write_text("".join(lines), encoding="utf-8")
        return folder

    def _is_ready(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise ConfigError((f"the gate ended at its start; see {self.log.name}",))
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=1).ok
        return False

    def validate(self, conclusion: str) -> int:
        """Run a validation in a second of its own, since GitHub tells times in whole seconds."""
        self.github.advance(1)
        return self.github.validate(REPOSITORY, conclusion)

    def start_validation(self) -> int:
        """Start a validation that goes on until it is ended."""
        self.github.advance(1)
        run_id = self.github.start_run(
            REPOSITORY, "production-validation.yml", event="workflow_dispatch"
        )
        self.github.progress_run(run_id)
        return run_id

    def override(
        self,
        run_id: int,
        comment: str,
        repository: str = REPOSITORY,
        environment: str = ENVIRONMENT,
    ) -> None:
        """Start the override workflow for a run, and let carol approve it with a comment."""
        overriding = f"{environment}-override"
        self.github.protect_environment(
            repository, overriding, reviewers=["carol"], custom_rule=False
        )
        # Only what is said after it turned red counts, and GitHub tells whole seconds.
        self.github.advance(2)
        own = self.github.start_run(
            repository,
            f"override-{environment}.yml",
            event="workflow_dispatch",
            title=f"Override of run {run_id}",
        )
        self.github.reach_environment(own, overriding, "override")
        self.github.review_as("carol", own, overriding, "approved", comment)

    def job_url(self, run_id: int) -> str:
        """Return the page of a run."""
        return f"{self.api_url}/{REPOSITORY}/actions/runs/{run_id}"

    def kill_gate(self) -> None:
        """Kill the service at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop_gate(self) -> None:
        """Stop the service as an operator does."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)

    def wait(self, condition: Callable[[], bool], seconds: float = 10.0) -> bool:
        """Wait until something is so; False when it takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True


def choose_port(asked: int | None, usual: int = USUAL_PORT) -> int:
    """Return the gate's port: the one that was asked for, or the usual one, or a free one.

    0 asks for a free one. Raises ConfigError when the port that was asked for cannot be bound.
    """
    if asked is not None:
        return free_port(_HOST, asked)
    try:
        return free_port(_HOST, usual)
    except ConfigError:
        return free_port(_HOST, 0)


@contextmanager
def set_stage(port: int) -> Iterator[Stage]:
    """Run the simulated GitHub and the service while the context lasts.

    The App's key is made now and everything is kept in a folder that is deleted at the end.
    """
    github = SimulatedGitHub()
    url = f"http://{_HOST}:{port}"
    with (
        TemporaryDirectory(prefix="gate-demo-") as folder,
        serve(github) as api_url,
        open_mailbox(_SECRET) as mailbox,
    ):
        app = register(github, url, _SECRET)
        with (Path(folder) / "gate.log").open("w", encoding="utf-8") as log:
            environ = _environ(folder, api_url, url) | _identity(app.app_id, app.private_key)
            environ |= _alerts(mailbox)
            stage = Stage(github, api_url, url, environ, log, mailbox, app.installation_id)
            try:
                stage.start_gate()
                yield stage
            finally:
                stage.stop_gate()


def _identity(app_id: int, private: str) -> dict[str, str]:
    return {"GATE_GITHUB_APP_ID": str(app_id), "GATE_GITHUB_PRIVATE_KEY": private}


def _alerts(mailbox: Mailbox) -> dict[str, str]:
    return {"GATE_ALERT_WEBHOOK_URL": mailbox.url, "GATE_ALERT_WEBHOOK_SECRET": _SECRET}


def _environ(folder: str, api_url: str, url: str) -> dict[str, str]:
    """Return the service's own settings and none of the caller's."""
    inherited = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    return inherited | {
        "GATE_GITHUB_WEBHOOK_SECRET": _SECRET,
        "GATE_GITHUB_API_URL": api_url,
        "GATE_GITHUB_OIDC_ISSUER": f"{api_url}{OIDC_PREFIX}",
        "GATE_PUBLIC_URL": url,
        "GATE_DATABASE_URL": f"sqlite:///{folder}/gate.db",
        "GATE_SWEEP_SECONDS": "1",
        "GATE_LOG_FORMAT": "json",
    }
