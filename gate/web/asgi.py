"""Run the Flask application behind a shell that reads the whole request first.

A WSGI server gives a thread to a request whose body is still on its way, so a few clients that
stall in mid-body block everybody. Here the body is read without a thread, up to a size and a time,
and only then is a thread of the pool taken. See docs/adr/0011-buffering-server.md.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final

import msgspec
from flask import Flask

from gate.log import get_logger
from gate.web.webhooks import LONGEST_BODY

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_SECONDS: Final = 10.0
"""How long a body may take; GitHub itself gives up after 10 seconds (docs: Best practices for
using webhooks)."""

_MOST_BUFFERED: Final = 256 * 1024 * 1024
_PROBLEM: Final = (b"content-type", b"application/problem+json")

log = get_logger(__name__)


class _NotRead(Exception):
    """The body cannot be taken; carries the answer."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class _Gone(Exception):
    """The client went away before its request was complete."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What is started before the first request and stopped after the last."""

    start: Callable[[], None]
    stop: Callable[[], None]


class BufferingShell:
    """An ASGI application around a Flask one."""

    def __init__(
        self,
        app: Flask,
        lifecycle: Lifecycle,
        *,
        threads: int,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """Prepare; the pool's threads are made as they are needed."""
        self._app = app
        self._lifecycle = lifecycle
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gate-web")
        self._body_seconds = body_seconds
        self._buffered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            # A WebSocket: nobody here speaks it.
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while (message := await receive())["type"] != "lifespan.shutdown":
            if message["type"] == "lifespan.startup":
                await loop.run_in_executor(None, self._lifecycle.start)
                await send({"type": "lifespan.startup.complete"})
        await loop.run_in_executor(None, self._stop)
        await send({"type": "lifespan.shutdown.complete"})

    def _stop(self) -> None:
        """Let requests in flight finish before what they need goes away."""
        self._pool.shutdown(wait=True)
        self._lifecycle.stop()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = _Taken()
        try:
            async with asyncio.timeout(self._body_seconds):
                await self._read(scope, receive, taken)
        except TimeoutError:
            await _refuse(send, HTTPStatus.REQUEST_TIMEOUT, "body_too_slow")
        except _NotRead as error:
            await _refuse(send, error.status, error.reason)
        except _Gone:
            return
        else:
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._pool, self._run, scope, taken)
            await _answer(send, *answer)
        finally:
            self._buffered -= taken.size

    async def _read(self, scope: Scope, receive: Receive, taken: _Taken) -> None:
        """Read the whole body, within what one request and all together may take."""
        announced = _announced(scope)
        if announced > LONGEST_BODY:
            raise _NotRead(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _Gone
            part: bytes = message.get("body", b"")
            taken.parts.append(part)
            taken.size += len(part)
            self._buffered += len(part)
            if taken.size > LONGEST_BODY:
                raise _NotRead(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
            if self._buffered > _MOST_BUFFERED:
                raise _NotRead(HTTPStatus.SERVICE_UNAVAILABLE, "too_busy")
            if not message.get("more_body"):
                return

    def _run(self, scope: Scope, taken: _Taken) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Run the application in a thread of the pool and collect its whole answer."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            del exc_info
            started[:] = [(status, headers)]
            return lambda _: None

        parts = self._app(_environ(scope, b"".join(taken.parts)), start_response)
        try:
            body = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = started[0]
        encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        return int(status[:3]), encoded, body


@dataclass(slots=True)
class _Taken:
    """What has been read of a body so far."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0


def _announced(scope: Scope) -> int:
    """Read the length a client announces; 0 when it announces none that makes sense."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else 0  # noqa: PLR2004
    return 0


def _environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """Describe a request as WSGI does (PEP 3333): texts are bytes in disguise, as latin-1."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if name == "CONTENT_TYPE":
            environ["CONTENT_TYPE"] = value
        elif name not in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            key = f"HTTP_{name}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


async def _refuse(send: Send, status: HTTPStatus, reason: str) -> None:
    """Answer a request that was not read to its end, and end the connection with it."""
    log.warning("http.refused", reason=reason, status=status.value)
    body = msgspec.json.encode(
        {"title": status.phrase, "status": status.value, "detail": "", "reason": reason}
    )
    await _answer(send, status.value, [_PROBLEM, (b"connection", b"close")], body)


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
