"""The ASGI shell buffers bodies within limits and answers for an application that fails."""

import asyncio
import json
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.limits import LONGEST_WEBHOOK
from tests.unit.web.door.asgi_client import (
    PART,
    Client,
    Refusals,
    Served,
    ask,
    check_refusal,
    echo,
    run,
)
from tests.unit.web.door.test_bridge import StartResponse


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
