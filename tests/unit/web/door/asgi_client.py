"""Play one request, or the lifespan of a server, to the ASGI shell."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Self

from structlog.testing import capture_logs

from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.bridge import Message
from tests.unit.web.door.test_bridge import StartResponse, make_scope

PART = b"x" * 1024


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer with what was sent."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read()]


class Client:
    """One request's end of the line: what is received from it, and what was sent to it."""

    def __init__(self, *parts: bytes, ends: str = "complete") -> None:
        last = len(parts) - 1
        self._messages: list[Message] = [
            {
                "type": "http.request",
                "body": part,
                "more_body": ends != "complete" or number < last,
            }
            for number, part in enumerate(parts)
        ]
        self._ends = ends
        self.sent: list[Message] = []
        self.stalled = asyncio.Event()

    async def receive(self) -> Message:
        """Return the next part; then stall for ever, or be gone."""
        if self._messages:
            return self._messages.pop(0)
        if self._ends == "gone":
            return {"type": "http.disconnect"}
        if self._ends == "closed":
            raise asyncio.CancelledError
        self.stalled.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, message: Message) -> None:
        """Take a part of the answer."""
        self.sent.append(message)

    @property
    def status(self) -> int:
        """The answer's status; there is exactly one answer."""
        start, _ = self.sent
        status: int = start["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The answer's headers."""
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        """The answer's body."""
        body: bytes = self.sent[1]["body"]
        return body


class Refusals(list[str]):
    """Reasons of refusals, as the log has them."""


def run(
    scenario: Callable[[BufferingShell], Awaitable[None]],
    app: Any = echo,
    refusals: Refusals | None = None,
    **limits: Any,
) -> None:
    """Start a shell as a server does, play the scenario and stop the shell."""
    lifecycle = Lifecycle(lambda: None, lambda: None)
    shell = BufferingShell(app, lifecycle, **{"threads": 2, **limits})

    async def main() -> None:
        async with Served(shell):
            await scenario(shell)

    with capture_logs() as lines:
        asyncio.run(main())
    if refusals is not None:
        refusals += [it["reason"] for it in lines if it["event"] == "http.refused"]


class Served:
    """Run a shell's lifespan around a block."""

    def __init__(self, shell: BufferingShell) -> None:
        self._shell = shell
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.outgoing: asyncio.Queue[Message] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._task = asyncio.ensure_future(
            self._shell({"type": "lifespan"}, self._incoming.get, self.outgoing.put)
        )
        await self._incoming.put({"type": "lifespan.startup"})
        self.started = await self.outgoing.get()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.started["type"] == "lifespan.startup.complete":
            await self._incoming.put({"type": "lifespan.shutdown"})
            self.stopped = await self.outgoing.get()
        await self._task


async def ask(shell: BufferingShell, client: Client, *headers: tuple[bytes, bytes]) -> None:
    """Put one request through the shell."""
    await shell(make_scope(headers=list(headers)), client.receive, client.send)


def check_refusal(client: Client, status: int, reason: str) -> None:
    """The answer is a problem, and the connection ends with it."""
    assert client.status == status
    assert client.headers[b"content-type"] == b"application/problem+json"
    assert client.headers[b"connection"] == b"close"
    problem = json.loads(client.body)
    assert set(problem) == {"title", "status", "detail", "reason"}
    assert (problem["status"], problem["reason"]) == (status, reason)
