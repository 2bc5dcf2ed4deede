"""Translate between ASGI, which the server speaks, and WSGI, which Flask does (PEP 3333).

Only for requests whose body has been read in whole. The bridge of asgiref runs all requests in one
thread and goes back to the event loop for every part of an answer.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from io import BytesIO
from types import TracebackType
from typing import Any, Final
from urllib.parse import unquote_to_bytes

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType]

_UNPREFIXED: Final = {"content-type": "CONTENT_TYPE"}
# The body has no coding of its own any more, and its length is the one that was counted.
_DROPPED: Final = frozenset({"content-length", "transfer-encoding"})


@dataclass(slots=True)
class Answer:
    """A whole answer of the application."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def build_environ(scope: Scope, body: bytes, received: float) -> dict[str, Any]:
    """Describe a request as WSGI does: texts are bytes in disguise, as latin-1.

    `received` is the reading of `perf_counter` when the body was complete; the application finds
    it as `gate.received`. Headers are those of `read_headers`.
    """
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "gate.received": received,
    }
    for name, value in read_headers(scope).items():
        if name not in _DROPPED:
            environ[_UNPREFIXED.get(name) or "HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their names in lower case.

    A header that is sent several times becomes one, joined by commas. One with an underscore in its
    name is left out: it would pass for the one with a dash, and proxies that guard a header know
    only that.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if "_" in name:
            continue
        value = raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def run_wsgi(app: WsgiApp, environ: dict[str, Any]) -> Answer:
    """Run the application and collect its whole answer; blocks, and raises what it raises."""
    started = _Started()
    parts = app(environ, started)
    try:
        # A list first: the application may start its answer as late as with its first part.
        body = b"".join([*parts])
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in started.headers
    ]
    return Answer(int(started.status[:3]), headers, b"".join(started.written) + body)


@dataclass(slots=True)
class _Started:
    """Stand in for the server's `start_response`."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Take status and headers; a second time only with an error that replaces the first.

        Nothing has been sent before the whole answer is there, so an error may always replace it.
        """
        if self.status and exc_info is None:
            msg = "start_response was called twice"
            raise RuntimeError(msg)
        self.status, self.headers = status, headers
        self.written.clear()
        return self.written.append
