"""The processes of the gate: started, killed, paused, terminated, and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.chaos.plan import Kind
from tests.support.ports import unused_port

_COMMANDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "serve": ("serve",),
    "front": ("serve", "--no-worker"),
    "worker": ("worker",),
}
_READY: Final[Mapping[Kind, str]] = {
    "serve": "http.serving",
    "front": "http.serving",
    "worker": "worker.started",
}
_DEADLINE: Final = 60.0
_MOST_STARTS: Final = 5


class NodeProcess:
    """One node: a process that may come and go, on a port that stays."""

    def __init__(
        self, number: int, kind: Kind, environment: Mapping[str, str], folder: Path
    ) -> None:
        """Prepare; nothing is started."""
        self.number = number
        self.kind = kind
        self.port = unused_port() if kind != "worker" else None
        self.log = folder / f"node-{number}.log"
        self._folder = folder
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._logged_before = 0
        self.frozen = False
        self.starts = 0

    @property
    def runs(self) -> bool:
        """Return whether the process lives, paused or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def takes_webhooks(self) -> bool:
        """Return whether a load balancer would send to it."""
        return self.port is not None and self.runs and not self.frozen

    def start(self) -> None:
        """Start it, unless it runs or is frozen."""
        if self.runs or self.frozen:
            return
        self.starts += 1
        port = ("--port", str(self.port)) if self.port is not None else ()
        command = [sys.executable, "-m", "gate", *_COMMANDS[self.kind], *port]
        self._logged_before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as stream:
            self._process = subprocess.Popen(
                command, env=self._environment, stderr=stream, stdout=stream, cwd=self._folder
            )

    def kill(self) -> None:
        """Kill it as `kill -9` does, and reap it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_DEADLINE)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.runs:
            self._signal(signal.SIGTERM)

    def pause(self) -> None:
        """Stop it."""
        if self.runs:
            self._signal(signal.SIGSTOP)

    def freeze(self) -> None:
        """Stop it until `thaw`, whatever else befalls it."""
        self.frozen = True
        self.pause()

    def thaw(self) -> None:
        """Let it go on, if it was frozen; it is started if it has ended meanwhile."""
        self.frozen = False
        self.go_on()
        self.start()

    def go_on(self) -> None:
        """Let it go on, unless it is frozen."""
        if self.runs and not self.frozen:
            self._signal(signal.SIGCONT)

    def wait_until_ready(self) -> None:
        """Wait until it has started; one that ends instead is started anew, as a supervisor does.

        Raises AssertionError with its log when it ends again and again.
        """
        deadline = time.monotonic() + _DEADLINE
        most = self.starts + _MOST_STARTS
        while not self.is_ready():
            if not self.runs:
                said = self.log.read_text()[-4000:]
                assert self.starts < most, f"node {self.number} has ended:\n{said}"
                self.start()
            assert time.monotonic() < deadline, f"node {self.number} does not start"
            time.sleep(0.02)  # between two looks at another process

    def is_ready(self) -> bool:
        """Return whether it has said that it works."""
        return any(line["event"] == _READY[self.kind] for line in self._lines())

    def _lines(self) -> list[dict[str, Any]]:
        with self.log.open("rb") as stream:
            stream.seek(self._logged_before)
            whole = stream.read().splitlines(keepends=True)
        return [json.loads(it) for it in whole if it.startswith(b"{") and it.endswith(b"\n")]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)
