"""A receiver of alerts over HTTP that answers what a test wants, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.support.http_server import serving


@dataclass(frozen=True)
class Reply:
    """One answer; `drop` hangs up without one, `stall` waits until the test is over."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    stall: bool = False


@dataclass(frozen=True)
class Received:
    """What came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Answers by `reply`, whatever is posted to it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/services/T0/B0/s3cret"
        self.reply = Reply()
        self.received: list[Received] = []
        self.is_over = threading.Event()


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, self.rfile.read(size)))
            reply = receiver.reply
            if reply.stall:
                receiver.is_over.wait()
            if reply.drop or reply.stall:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's name
            """Log nothing."""

    with serving(Handler) as port:
        receiver = Receiver(port)
        try:
            yield receiver
        finally:
            receiver.is_over.set()
