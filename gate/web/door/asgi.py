"""Run the Flask application behind a shell that reads the whole request first.

A WSGI server gives a thread to a request whose body is still on its way, so a few clients that
stall in mid-body block all others. Here the body is read without a thread, up to a size and a time,
and only then is a thread of the pool taken. See docs/adr/0011-buffering-server.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Final

from gate.log import get_logger
from gate.web.door.bridge import (
    Answer,
    Message,
    Receive,
    Scope,
    Send,
    WsgiApp,
    build_environ,
    close_parts,
    read_headers,
    read_on,
    run_wsgi,
)
from gate.web.door.deferred_answers import Answers
from gate.web.door.door import Door, Post
from gate.web.door.pool import CallPool
from gate.web.door.refusals import answer_problem
from gate.web.door.webhooks import PATH
from gate.web.limits import LONGEST_REPORT, LONGEST_WEBHOOK
from gate.web.problems import PROBLEM_TYPE, encode_problem

BODY_SECONDS: Final = 10.0
"""How long a body may take; GitHub itself gives up after 10 seconds (docs: Best practices for
using webhooks)."""

MOST_BUFFERED: Final = 256 * 1024 * 1024
"""Bytes that all requests together may hold in memory."""

LONGEST_AT_ONCE: Final = 256 * 1024
"""Bytes of a webhook that are checked in the event loop's thread; a longer one takes a thread of
the pool, since all others would have to wait for it."""

_PATH: Final = PATH.encode()
_CONTENT_TYPE: Final = (b"content-type", PROBLEM_TYPE.encode())
_CLOSE: Final = (b"connection", b"close")
_RETRY: Final = (b"retry-after", b"1")
_CUT_OFF: Final = b"\ncut off: the gate could not read on; try again\n"
"""The last line of a streamed answer that could not be completed."""

log = get_logger(__name__)


def _ignore() -> None:
    """Do nothing about it."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What is started before the first request and stopped after the last.

    `listening` is called when connections are taken, `stopping` before that ends. Neither blocks.
    """

    start: Callable[[], None]
    stop: Callable[[], None]
    listening: Callable[[], None] = _ignore
    stopping: Callable[[], None] = _ignore


class _NotRead(Exception):
    """The body cannot be taken; carries the answer."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


class _Gone(Exception):
    """The client closed its connection before its request was complete."""


@dataclass(slots=True)
class _Taken:
    """What has been read of a body so far."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0

    def joined(self) -> bytes:
        """Return the whole body, and hold it no more than once."""
        body = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        self.parts.clear()
        return body


class BufferingShell:
    """An ASGI application around a WSGI one.

    `failure` is what the lifecycle's start raised, for the code that runs the server: ASGI cannot
    pass an exception on.
    """

    def __init__(
        self,
        app: WsgiApp,
        lifecycle: Lifecycle,
        *,
        threads: int = 16,
        door: Door | None = None,
        body_seconds: float = BODY_SECONDS,
        most_buffered: int = MOST_BUFFERED,
    ) -> None:
        """Prepare; threads are started when the server is.

        Webhooks are taken through `door`, if there is one, without a thread; its database must be
        able to `submit`.
        """
        self._app = app
        self._lifecycle = lifecycle
        self._pool = CallPool[Answer](threads, "gate-web")
        self._door = door
        self._body_seconds = body_seconds
        self._most_buffered = most_buffered
        self._buffered = 0
        self.failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            # A WebSocket: not supported.
            await send({"type": "websocket.close", "code": 1000})

    def note_listening(self) -> None:
        """Pass on that connections are taken from now on."""
        self._lifecycle.listening()

    def note_stopping(self) -> None:
        """Pass on that the server stops soon; until then it answers as before."""
        self._lifecycle.stopping()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._pool.start()
            self._answers = Answers(asyncio.get_running_loop())
            await asyncio.to_thread(self._lifecycle.start)
        except Exception as error:  # noqa: BLE001  # an error raised here would be passed over by the server
            self.failure = error
            await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        try:
            await asyncio.to_thread(self._stop)
        except Exception as error:  # noqa: BLE001  # as above
            self.failure = error
            await send({"type": "lifespan.shutdown.failed", "message": type(error).__name__})
            return
        await send({"type": "lifespan.shutdown.complete"})

    def _stop(self) -> None:
        """Let requests in flight finish before what they need goes away."""
        self._pool.stop()
        self._lifecycle.stop()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = _Taken()
        try:
            async with asyncio.timeout(self._body_seconds):
                await self._read(scope, receive, taken)
            answer = await self._answer(scope, taken)
        except TimeoutError:
            answer = self._refusal(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow")
        except _NotRead as error:
            answer = self._refusal(error.status, error.reason)
        except _Gone:
            return
        finally:
            self._buffered -= taken.size
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        await self._send_body(answer, send)

    async def _send_body(self, answer: Answer, send: Send) -> None:
        """Send a body; of a streamed one a thread of the pool reads the next part when needed."""
        while answer.rest is not None:
            rest = answer.rest
            try:
                await send({"type": "http.response.body", "body": answer.body, "more_body": True})
            except BaseException:
                # The client is gone: what the application still has open must be closed.
                close_parts(rest)
                raise
            answer = await self._pool.run(_read_on, answer)
        await send({"type": "http.response.body", "body": answer.body})

    async def _read(self, scope: Scope, receive: Receive, taken: _Taken) -> None:
        """Read the whole body, within what one request and all together may take."""
        longest = _longest(scope)
        if _announced(scope) > longest:
            raise _NotRead(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
        while True:
            message = await _received(receive)
            if message["type"] != "http.request":
                # Cut off or wrongly coded. The client may still listen for an answer.
                raise _NotRead(HTTPStatus.BAD_REQUEST, "body_incomplete")
            part: bytes = message.get("body", b"")
            taken.parts.append(part)
            taken.size += len(part)
            self._buffered += len(part)
            if taken.size > longest:
                raise _NotRead(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large")
            if self._buffered > self._most_buffered:
                raise _NotRead(HTTPStatus.SERVICE_UNAVAILABLE, "too_busy")
            if not message.get("more_body"):
                return

    async def _answer(self, scope: Scope, taken: _Taken) -> Answer:
        """Take a webhook through the door, or run the application in a thread of the pool."""
        door = self._door
        is_webhook = scope["raw_path"] == _PATH and scope["method"] == "POST"
        if door is None or not is_webhook or taken.size > LONGEST_AT_ONCE:
            return await self._pool.run(self._run, scope, taken)
        post = Post(read_headers(scope), taken.joined(), perf_counter())
        try:
            answer = door.take_later(post, self._answers)
            return answer if isinstance(answer, Answer) else await answer
        except Exception as error:  # noqa: BLE001  # no other code could answer for it
            return _bug(error)

    def _run(self, scope: Scope, taken: _Taken) -> Answer:
        """Run the application in a thread of the pool; it answers its own errors, but for bugs."""
        try:
            return run_wsgi(self._app, build_environ(scope, taken.joined(), perf_counter()))
        except Exception as error:  # noqa: BLE001  # as above
            return _bug(error)

    def _refusal(self, status: HTTPStatus, reason: str) -> Answer:
        """Answer a request that was not read to its end, and end the connection with it."""
        log.info("http.refused", reason=reason, status=status.value)
        headers = [_CONTENT_TYPE, _CLOSE]
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append(_RETRY)
        return Answer(status.value, headers, encode_problem(status, reason))


def _read_on(answer: Answer) -> Answer:
    """Read the next part; an answer that fails half-way is cut off, since its status is sent."""
    try:
        return read_on(answer)
    except Exception:
        log.exception("http.failed", reason="bug")
        return Answer(answer.status, [], _CUT_OFF)


def _bug(error: Exception) -> Answer:
    """Answer for an unexpected error."""
    log.error("http.failed", reason="bug", exc_info=error)
    return answer_problem(HTTPStatus.INTERNAL_SERVER_ERROR, "bug")


async def _received(receive: Receive) -> Message:
    """Wait for the next part of a request.

    granian cancels the wait when the connection is closed, although the task was not cancelled.
    """
    try:
        return await receive()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise _Gone from None


def _longest(scope: Scope) -> int:
    """Return how many bytes a body may have; none but a webhook's is longer than a report."""
    return LONGEST_WEBHOOK if scope["raw_path"].rstrip(b"/") == _PATH else LONGEST_REPORT


def _announced(scope: Scope) -> int:
    """Read the length a client announces; 0 when it announces none."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            # More digits than a file has bytes need not be read to be too many.
            return int(value[:20])
    return 0
