"""Pass each connection on to the next node, as a load balancer in front of the nodes does.

    python -m tests.bench.fleet.balancer PORT NODE_PORT [NODE_PORT ...]

A node that takes no connection is passed over. It copies bytes and reads none of them, so that it
costs next to nothing beside what it stands in front of.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

_HOST = "127.0.0.1"


class _Side(asyncio.Protocol):
    """One end of a connection; what it receives, the other end sends."""

    def __init__(self, other: asyncio.WriteTransport) -> None:
        self._other = other

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._other.close()


class _Client(asyncio.Protocol):
    """A connection from a client: what it sends is kept until a node takes it."""

    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self._early: list[bytes] = []
        self._node: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError(transport)
        self._connecting = asyncio.ensure_future(self._connect(transport))

    def data_received(self, data: bytes) -> None:
        if self._node is None:
            self._early.append(data)
        else:
            self._node.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connecting.cancel()
        if self._node is not None:
            self._node.close()

    async def _connect(self, client: asyncio.WriteTransport) -> None:
        self._node = await self._balancer.connect(client)
        if self._node is None:
            client.close()
            return
        self._node.writelines(self._early)


class Balancer:
    """Hands out connections to nodes in turn."""

    def __init__(self, ports: list[int]) -> None:
        """Take the ports of the nodes; they need not listen yet."""
        self._ports = ports
        self._next = 0

    async def connect(self, client: asyncio.WriteTransport) -> asyncio.WriteTransport | None:
        """Connect to the next node that takes connections; None when none of them does."""
        loop = asyncio.get_running_loop()
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            with suppress(OSError):
                transport, _ = await loop.create_connection(lambda: _Side(client), _HOST, port)
                return transport
        return None

    async def serve(self, port: int) -> None:
        """Listen until the process is killed."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Client(self), _HOST, port, backlog=1024)
        await server.serve_forever()


if __name__ == "__main__":
    given = [int(it) for it in sys.argv[1:]]
    asyncio.run(Balancer(given[1:]).serve(given[0]))
