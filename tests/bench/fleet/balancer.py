"""Pass each request on to the next node, as a load balancer in front of the nodes does.

    python -m tests.bench.fleet.balancer PORT NODE_PORT [NODE_PORT ...]

A node that takes no connection is passed over. It copies bytes and reads none of them, so that it
costs next to nothing beside what it stands in front of: as its clients wait for each answer, what
one sends after an answer is the next request.
"""

from __future__ import annotations

import asyncio
import sys
import time

_HOST = "127.0.0.1"
_MOMENT = 0.5


class _Node(asyncio.Protocol):
    """A connection to a node on behalf of one client."""

    def __init__(self, client: _Client, port: int) -> None:
        self._client = client
        self._port = port

    def data_received(self, data: bytes) -> None:
        self._client.answer(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.lose(self._port)


class _Client(asyncio.Protocol):
    """A connection from a client, and those to nodes that have had requests of it."""

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self._nodes: dict[int, asyncio.WriteTransport] = {}
        self._port: int | None = None
        self._early: list[bytes] = []
        self._connecting: asyncio.Task[None] | None = None
        self._answered = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError(transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._answered:
            self._answered, self._port = False, None
            self._connecting = asyncio.ensure_future(self._choose())
        if self._port is None:
            self._early.append(data)
        else:
            self._nodes[self._port].write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        for node in self._nodes.values():
            node.close()

    def answer(self, data: bytes) -> None:
        """Pass on what a node has answered."""
        self._answered = True
        self._transport.write(data)

    def lose(self, port: int) -> None:
        """Forget a connection that a node has closed; a request that it had is lost with it."""
        self._nodes.pop(port, None)
        if port == self._port and not self._answered:
            self._transport.close()

    async def _choose(self) -> None:
        for port in self._balancer.in_turn():
            if port not in self._nodes:
                try:
                    self._nodes[port] = await self._connect(port)
                except OSError:
                    self._balancer.pass_over(port)
            if port in self._nodes:
                self._port = port
                self._nodes[port].writelines(self._early)
                self._early.clear()
                return
        self._transport.close()

    async def _connect(self, port: int) -> asyncio.WriteTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: _Node(self, port), _HOST, port)
        return transport


class Balancer:
    """Knows the nodes, and whose turn it is."""

    def __init__(self, ports: list[int]) -> None:
        """Take the ports of the nodes; they need not listen yet."""
        self._ports = ports
        self._turn = 0
        self._back_at = dict.fromkeys(ports, 0.0)

    def in_turn(self) -> list[int]:
        """Return the ports of the nodes that took connections, from the one whose turn it is."""
        now = time.monotonic()
        there = [port for port in self._ports if self._back_at[port] <= now] or self._ports
        self._turn += 1
        first = self._turn % len(there)
        return there[first:] + there[:first]

    def pass_over(self, port: int) -> None:
        """Try a node that took no connection again in a moment only."""
        self._back_at[port] = time.monotonic() + _MOMENT

    async def serve(self, port: int) -> None:
        """Listen until the process is killed."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Client(self), _HOST, port, backlog=1024)
        await server.serve_forever()


if __name__ == "__main__":
    given = [int(it) for it in sys.argv[1:]]
    asyncio.run(Balancer(given[1:]).serve(given[0]))
