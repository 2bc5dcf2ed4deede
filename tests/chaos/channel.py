"""The alert channel: receives signed alerts, and fails as the plan says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler

from tests.chaos.records import Received
from tests.support.http_server import serving


class AlertChannel:
    """What was received, and what befalls the next alerts."""

    def __init__(self, port: int, clock: Callable[[], datetime]) -> None:
        """Begin with nothing received."""
        self.url = f"http://127.0.0.1:{port}/alerts"
        self._clock = clock
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._failing: list[str] = []

    def fail(self, kind: str, times: int) -> None:
        """Let the next alerts be refused with 503, or taken without an answer."""
        with self._lock:
            self._failing += [kind] * times

    def heal(self) -> None:
        """Take everything from now on."""
        with self._lock:
            self._failing.clear()

    def received(self) -> tuple[Received, ...]:
        """List what was taken so far, oldest first; refusals are left out."""
        with self._lock:
            return tuple(self._received)

    def take(self, key: str, body: bytes) -> str:
        """Take an alert or fail; return what becomes of its answer."""
        with self._lock:
            fate = self._failing.pop(0) if self._failing else "taken"
            if fate != "error":
                told = json.loads(body)
                self._received.append(
                    Received(
                        key=key,
                        at=self._clock(),
                        repository=told["repository"],
                        severity=told["severity"],
                        answer_lost=fate == "lost",
                    )
                )
            return fate


@contextmanager
def running_channel(clock: Callable[[], datetime]) -> Iterator[AlertChannel]:
    """Receive on a free port while the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            fate = channel.take(self.headers["X-Gate-Delivery"], body)
            if fate == "lost":
                self.close_connection = True
                return
            self.send_response(503 if fate == "error" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            pass

    with serving(Handler) as port:
        channel = AlertChannel(port, clock)
        yield channel
