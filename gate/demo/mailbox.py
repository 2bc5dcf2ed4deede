"""Receive the demo's alerts, as a channel that speaks signed JSON would."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

_MOST: Final = 1024 * 1024


class Mailbox:
    """Collects the alerts whose signature is right, in the order they came."""

    def __init__(self, secret: str, port: int) -> None:
        """Begin empty."""
        self.url = f"http://127.0.0.1:{port}/alerts"
        self.alerts: list[dict[str, Any]] = []
        self._secret = secret.encode()

    def events(self) -> list[str]:
        """List the events of the alerts."""
        return [alert["event"] for alert in self.alerts]

    def take(self, body: bytes, signature: str) -> HTTPStatus:
        """Store an alert, unless its signature is not ours."""
        expected = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, f"sha256={expected}"):
            return HTTPStatus.UNAUTHORIZED
        self.alerts.append(json.loads(body))
        return HTTPStatus.NO_CONTENT


@contextmanager
def open_mailbox(secret: str) -> Iterator[Mailbox]:
    """Serve a mailbox on a free port of loopback while the context lasts."""
    opened: list[Mailbox] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", "0")), _MOST)
            signature = self.headers.get("X-Gate-Signature-256", "")
            self.send_response(opened[0].take(self.rfile.read(length), signature))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing: the demo's table shows it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        opened.append(Mailbox(secret, server.server_port))
        thread = Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield opened[0]
        finally:
            server.shutdown()
            thread.join()
