"""The ASGI shell passes a streamed answer on part by part, and ends it with its client."""

from collections.abc import Iterable
from typing import Any

import pytest

from gate.web.door.asgi import BufferingShell
from gate.web.door.bridge import Message
from tests.unit.web.door.asgi_client import PART, Client, ask, run
from tests.unit.web.door.test_bridge import StartResponse

STREAMED = [("Content-Type", "text/csv"), ("X-Accel-Buffering", "no")]


class Parts:
    """An endless answer, of which it is known how much was read and whether it was closed."""

    def __init__(self, fails_at: int = 0) -> None:
        self.read = 0
        self.closed = False
        self.fails_at = fails_at

    def __call__(self, _environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", STREAMED)
        return self

    def __iter__(self) -> "Parts":
        return self

    def __next__(self) -> bytes:
        self.read += 1
        if self.read == self.fails_at:
            raise LookupError
        return PART

    def close(self) -> None:
        self.closed = True


class Leaving(Client):
    """A client that is gone after some parts."""

    def __init__(self, after: int) -> None:
        super().__init__(b"")
        self.after = after

    async def send(self, message: Message) -> None:
        """Take some parts."""
        if len(self.sent) > self.after:
            raise ConnectionError
        await super().send(message)


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_streamed_answer_is_read_as_the_client_takes_it(taken: int) -> None:
    """So its whole is never in memory, and it ends when the client is gone."""
    parts, client = Parts(), Leaving(after=taken)

    async def scenario(shell: BufferingShell) -> None:
        with pytest.raises(ConnectionError):
            await ask(shell, client)

    run(scenario, app=parts)

    assert [it["body"] for it in client.sent[1:]] == [PART] * taken
    assert all(it["more_body"] for it in client.sent[1:])
    assert (parts.read, parts.closed) == (taken + 1, True)


def test_a_streamed_answer_that_fails_says_so_at_its_end() -> None:
    """Its status was sent before."""
    parts, client = Parts(fails_at=3), Client(b"")

    run(lambda shell: ask(shell, client), app=parts)

    assert [it["body"] for it in client.sent[1:3]] == [PART] * 2
    assert client.sent[-1]["body"].startswith(b"\ncut off:")
    assert not client.sent[-1].get("more_body")
    assert parts.closed


def test_a_streamed_answer_comes_whole() -> None:
    """The last part is followed by the end."""

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", STREAMED)
        yield from (b"a", b"b", b"c")

    client = Client(b"")
    run(lambda shell: ask(shell, client), app=app)
    assert b"".join(it["body"] for it in client.sent[1:]) == b"abc"
