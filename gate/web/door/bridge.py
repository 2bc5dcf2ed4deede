"""Translate between ASGI, which the server speaks, and WSGI, which Flask does (PEP 3333).

Only for requests whose body has been read in whole. The bridge of asgiref runs all requests in one
thread and goes back to the event loop for every part of an answer.
"""

from __future__ import annotations

import sys
from collections.abc import (
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    MutableMapping,
)
from contextvars import Context, copy_context
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
    """An answer of the application: whole, or its first part with the `rest` still to be read."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: Iterator[bytes] | None = None


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
    """Run the application and collect its answer; blocks, and raises what it raises.

    Of an answer that asks not to be buffered (`X-Accel-Buffering: no`, which nginx knows, too),
    such as an export, only the first part is read, so that the whole is never in memory.

    All parts are read in one context of variables, whichever thread does it, and nothing of it
    stays in a thread: Flask keeps there whose request it is.
    """
    context = copy_context()
    return context.run(_run, app, environ, context)


def _run(app: WsgiApp, environ: dict[str, Any], context: Context) -> Answer:
    started = _Started()
    parts = app(environ, started)
    is_streamed = False
    try:
        rest = iter(parts)
        # A part first: the application may start its answer as late as with it.
        body = next(rest, b"")
        is_streamed = started.is_streamed
        if not is_streamed:
            body = b"".join([body, *rest])
    finally:
        if not is_streamed:
            close_parts(parts)
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in started.headers
    ]
    body = b"".join(started.written) + body
    following = _Rest(parts, rest, context) if is_streamed else None
    return Answer(int(started.status[:3]), headers, body, following)


def read_on(answer: Answer) -> Answer:
    """Return the next part of a streamed answer; its `rest` is None with the last one."""
    rest = answer.rest
    part = next(rest, None) if rest is not None else None
    return Answer(answer.status, [], part or b"", rest if part is not None else None)


def close_parts(parts: Iterable[bytes]) -> None:
    """Let the application know that no more of its answer is read."""
    close = getattr(parts, "close", None)
    if close is not None:
        close()


@dataclass(slots=True)
class _Rest:
    """The parts of an answer after the first; closed at their end, or by `close_parts`."""

    parts: Iterable[bytes]
    iterator: Iterator[bytes]
    context: Context

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return self.context.run(next, self.iterator)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of what the application has open for its answer."""
        self.context.run(close_parts, self.parts)


@dataclass(slots=True)
class _Started:
    """Stand in for the server's `start_response`."""

    status: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    written: list[bytes] = field(default_factory=list)

    @property
    def is_streamed(self) -> bool:
        """Return whether the application wants its answer passed on part by part."""
        return ("x-accel-buffering", "no") in {
            (name.lower(), value.lower()) for name, value in self.headers
        }

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
