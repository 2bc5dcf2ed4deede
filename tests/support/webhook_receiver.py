"""A webhook on loopback that writes down what it gets and answers as it is told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.http_server import serving


@dataclass(frozen=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> str:
        return self.headers["x-github-event"]

    @property
    def guid(self) -> str:
        return self.headers["x-github-delivery"]

    @property
    def payload(self) -> dict[str, Any]:
        decoded: dict[str, Any] = json.loads(self.body)
        return decoded


@dataclass
class Hook:
    url: str
    received: list[Received] = field(default_factory=list)
    status: int = 202
    hold: threading.Event | None = None
    closed: int = 0

    def events(self) -> list[str]:
        return [each.event for each in self.received]

    def of(self, event: str, action: str | None = None) -> list[dict[str, Any]]:
        payloads = [each.payload for each in self.received if each.event == event]
        return [each for each in payloads if action in (None, each.get("action"))]


@contextmanager
def listening(idle: float | None = None) -> Iterator[Hook]:
    """Listen on a free port while the context lasts; close connections that are idle so long."""
    hook = Hook("")

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet, or delayed acknowledgements cost 40 ms each.
        wbufsize = 4096
        timeout = idle

        def finish(self) -> None:
            super().finish()
            self.request.close()
            hook.closed += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            hook.received.append(Received(headers, body))
            if hook.hold is not None:
                hook.hold.wait(10)
            self.send_response(hook.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            pass

    with serving(Answering) as port:
        hook.url = f"http://127.0.0.1:{port}/hook"
        try:
            yield hook
        finally:
            if hook.hold is not None:
                hook.hold.set()


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something is so, or fail."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        pause.wait(0.005)
