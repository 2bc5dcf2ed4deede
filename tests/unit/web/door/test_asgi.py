import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import pytest
from structlog.testing import capture_logs

from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.bridge import Message
from gate.web.limits import LONGEST_WEBHOOK
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
        """Give the next part; then stall for ever, or be gone."""
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


def test_a_body_in_parts_arrives_whole() -> None:
    """The application sees one body, as long as it really is."""
    client = Client(b"one ", b"", b"two")

    run(lambda shell: ask(shell, client))

    assert (client.status, client.body) == (200, b"one two")


def test_a_request_without_a_body_is_answered() -> None:
    """Servers give an empty part then."""
    client = Client(b"")

    run(lambda shell: ask(shell, client))

    assert (client.status, client.body) == (200, b"")


def test_stalled_bodies_block_nobody() -> None:
    """Any number of clients may stall in mid-body: they hold no thread, and others are answered."""
    stalled = [Client(PART, ends="stalls") for _ in range(64)]
    client = Client(b"prompt")

    async def scenario(shell: BufferingShell) -> None:
        tasks = [asyncio.ensure_future(ask(shell, other)) for other in stalled]
        for other in stalled:
            await other.stalled.wait()
        await asyncio.wait_for(ask(shell, client), 10)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scenario, threads=1)

    assert client.body == b"prompt"


def check_refusal(client: Client, status: int, reason: str) -> None:
    """The answer is a problem, and the connection ends with it."""
    assert client.status == status
    assert client.headers[b"content-type"] == b"application/problem+json"
    assert client.headers[b"connection"] == b"close"
    problem = json.loads(client.body)
    assert set(problem) == {"title", "status", "detail", "reason"}
    assert (problem["status"], problem["reason"]) == (status, reason)


def test_a_body_must_come_in_time() -> None:
    """Who stalls is answered and let go."""
    client, refusals = Client(PART, ends="stalls"), Refusals()

    run(lambda shell: ask(shell, client), refusals=refusals, body_seconds=0.01)

    check_refusal(client, 408, "body_too_slow")
    assert refusals == ["body_too_slow"]


def test_a_body_that_is_cut_off_is_a_bad_request() -> None:
    """A client that has closed only its sending side, or sends broken chunks, gets an answer."""
    client, refusals = Client(PART, ends="gone"), Refusals()

    run(lambda shell: ask(shell, client), refusals=refusals)

    check_refusal(client, 400, "body_incomplete")
    assert refusals == ["body_incomplete"]


def test_a_client_that_has_gone_gets_no_answer() -> None:
    """The wait for its body is cancelled then; that is no error and nobody's refusal."""
    client, refusals = Client(PART, ends="closed"), Refusals()

    run(lambda shell: ask(shell, client), refusals=refusals)

    assert client.sent == []
    assert refusals == []


@pytest.mark.parametrize("announced", [str(LONGEST_WEBHOOK + 1), "9" * 19, "9" * 5000])
def test_a_length_too_large_is_refused_unread(announced: str) -> None:
    """Nothing is received of a body that will not be taken."""
    client, refusals = Client(ends="stalls"), Refusals()

    run(
        lambda shell: ask(shell, client, (b"content-length", announced.encode())), refusals=refusals
    )

    check_refusal(client, 413, "too_large")
    assert not client.stalled.is_set()
    assert refusals == ["too_large"]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"x" * LONGEST_WEBHOOK], 200),
        ([b"x" * LONGEST_WEBHOOK, b"x"], 413),
        ([b"x" * 2**20] * 26, 413),
    ],
)
def test_a_length_that_was_not_announced_is_counted(parts: Sequence[bytes], status: int) -> None:
    """A chunked body ends where the largest one would."""
    client = Client(*parts)

    run(lambda shell: ask(shell, client))

    assert client.status == status


def test_all_bodies_together_have_a_limit() -> None:
    """Memory is finite; what is held is given free again, whatever became of its request."""
    refusals = Refusals()

    async def scenario(shell: BufferingShell) -> None:
        held = [Client(PART, ends="stalls") for _ in range(4)]
        tasks = [asyncio.ensure_future(ask(shell, client)) for client in held]
        for client in held:
            await client.stalled.wait()
        one_too_many = Client(PART, PART)
        await ask(shell, one_too_many)
        check_refusal(one_too_many, 503, "too_busy")
        assert one_too_many.headers[b"retry-after"] == b"1"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(3):
            taken = Client(*[PART] * 5)
            await ask(shell, taken)
            assert taken.status == 200

    run(scenario, refusals=refusals, most_buffered=5 * len(PART))

    assert refusals == ["too_busy"]


def failing(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
    """Fail as only a bug can: Flask answers the errors of its routes itself."""
    raise LookupError


def silent(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
    """Never say a status."""
    return [b"body"]


@pytest.mark.parametrize("app", [failing, silent])
def test_an_application_that_fails_is_answered_for(app: Any) -> None:
    """The thread lives on, and the next request is served by it."""
    clients = [Client(b"") for _ in range(3)]

    async def scenario(shell: BufferingShell) -> None:
        for client in clients:
            await ask(shell, client)

    run(scenario, app=app, threads=1)

    assert [json.loads(client.body)["reason"] for client in clients] == ["bug"] * 3


def test_nobody_speaks_websocket() -> None:
    """The connection is closed before it is one."""
    client = Client()

    run(lambda shell: shell({"type": "websocket"}, client.receive, client.send))

    assert [message["type"] for message in client.sent] == ["websocket.close"]


def test_what_is_needed_lives_as_long_as_requests() -> None:
    """Start comes before the first request, stop after the last one has its answer."""
    happened: list[str] = []
    working, release = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        working.set()
        assert release.wait(30)
        happened.append("answer")
        return echo(environ, start_response)

    lifecycle = Lifecycle(lambda: happened.append("start"), lambda: happened.append("stop"))

    shell = BufferingShell(app, lifecycle, threads=1)

    async def played() -> None:
        async with Served(shell):
            asking = asyncio.ensure_future(ask(shell, Client(b"")))
            assert await asyncio.to_thread(working.wait, 30)
            asyncio.get_running_loop().call_later(0.05, release.set)
        await asking

    asyncio.run(played())

    assert happened == ["start", "answer", "stop"]


@pytest.mark.parametrize("when", ["start", "stop"])
def test_a_lifecycle_that_fails_is_reported(when: str) -> None:
    """The server is told, and whoever runs it can find out why."""
    error = OSError("no database")

    def fail() -> None:
        raise error

    def succeed() -> None:
        pass

    shell = BufferingShell(
        echo,
        Lifecycle(fail if when == "start" else succeed, fail if when == "stop" else succeed),
        threads=1,
    )
    served = Served(shell)

    async def main() -> None:
        async with served:
            pass

    asyncio.run(main())

    told = served.started if when == "start" else served.stopped
    assert told["type"] == (
        "lifespan.startup.failed" if when == "start" else "lifespan.shutdown.failed"
    )
    assert shell.failure is error
