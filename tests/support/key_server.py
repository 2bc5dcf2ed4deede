"""Serve the keys of an issuer of report tokens, sound or spoiled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS: Final = "/keys"


@cache
def shown_key(key_size: int = 2048) -> dict[str, Any]:
    """Make a key as an issuer shows it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=key_size)
    told: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {name: told[name] for name in ("kty", "n", "e")}


@dataclass(slots=True)
class Issuer:
    """An issuer that answers as it is told, and remembers what it was asked."""

    url: str
    documents: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None
    date: str | None = None

    def show(self, *key_ids: str, **more: Any) -> None:
        """Show keys by these ids, and describe itself."""
        self.documents = {
            DISCOVERY: {"issuer": self.url, "jwks_uri": f"{self.url}{KEYS}", **more},
            KEYS: {"keys": [{**shown_key(), "kid": it, "use": "sig"} for it in key_ids]},
        }


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Serve an issuer on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            served.before()
            document = served.documents.get(self.path, {})
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(served.status)
            for name, value in {"Content-Length": str(len(body)), **served.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(timestamp) if served.date is None else served.date

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its parent's name
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Log nothing when somebody has hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    served = Issuer(f"http://127.0.0.1:{server.server_port}")
    served.show("one")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
