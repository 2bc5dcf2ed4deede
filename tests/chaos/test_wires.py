"""The suite's own proxy does to connections what it says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from tests.chaos.wires import Balancer, Streams, Wire, Wires, running_wires
from tests.support.harness import wait_for
from tests.support.ports import unused_port


class Echo:
    """A server that answers what it is sent, after its name."""

    def __init__(self, wires: Wires, name: bytes) -> None:
        async def connect() -> Streams:
            near, far = socket.socketpair()
            loop = asyncio.get_running_loop()
            far.setblocking(False)
            self.task = loop.create_task(self._answer(far, name))
            return await asyncio.open_connection(sock=near)

        self.wire = wires.add(connect)

    async def _answer(self, far: socket.socket, name: bytes) -> None:
        loop = asyncio.get_running_loop()
        while said := await loop.sock_recv(far, 100):
            await loop.sock_sendall(far, name + said)
        far.close()


@pytest.fixture
def wires() -> Iterator[Wires]:
    """Carry wires."""
    with running_wires() as running:
        yield running


@pytest.fixture
def wire(wires: Wires) -> Wire:
    """Provide a wire to an echo."""
    return Echo(wires, b"echo ").wire


def connect(port: int) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def ask(connection: socket.socket, said: bytes = b"hi") -> bytes:
    """Send and wait for the answer; nothing when the connection ends."""
    try:
        connection.sendall(said)
        return connection.recv(100)
    except ConnectionError:
        return b""


def ask_anew(wire: Wire) -> bytes:
    """Ask over a new connection."""
    with connect(wire.port) as connection:
        return ask(connection)


def test_an_open_wire_carries_both_ways(wire: Wire) -> None:
    """Over several connections at once."""
    with connect(wire.port) as one, connect(wire.port) as two:
        assert [ask(one), ask(two, b"ho"), ask(one)] == [b"echo hi", b"echo ho", b"echo hi"]


def test_a_cut_ends_open_connections_only(wire: Wire) -> None:
    """A new one is carried."""
    with connect(wire.port) as old:
        assert ask(old) == b"echo hi"
        wire.cut()
        wait_for(lambda: not ask(old), "the cut")
        with connect(wire.port) as new:
            assert ask(new) == b"echo hi"


def test_a_refused_wire_ends_old_and_new_connections(wire: Wire) -> None:
    """Until it is open again."""
    with connect(wire.port) as old:
        assert ask(old) == b"echo hi"
        wire.set("refused")
        wait_for(lambda: not ask(old), "the reset")
        with connect(wire.port) as new:
            assert ask(new) == b""
        wire.set("open")
        wait_for(lambda: ask_anew(wire) == b"echo hi", "the way to be open")


def test_a_silent_wire_loses_nothing_and_carries_nothing(wire: Wire) -> None:
    """What was sent meanwhile arrives when it is open again, on the same connection."""
    with connect(wire.port) as old:
        assert ask(old) == b"echo hi"
        wire.set("silent")
        old.settimeout(0.2)
        with pytest.raises(TimeoutError):
            ask(old, b"late")
        wire.set("open")
        old.settimeout(10)
        assert old.recv(100) == b"echo late"


def test_the_balancer_takes_turns_and_passes_over_whoever_is_gone(wires: Wires) -> None:
    """A connection is refused only where nobody listens."""
    ports = [Echo(wires, b"a ").wire.port, unused_port(), Echo(wires, b"b ").wire.port]
    balanced = wires.add(Balancer(lambda: ports))
    answers = set()
    for _ in range(6):
        with connect(balanced.port) as connection:
            answers.add(ask(connection))
    assert answers == {b"a hi", b"b hi"}
    ports.clear()
    with connect(balanced.port) as connection:
        assert ask(connection) == b""
