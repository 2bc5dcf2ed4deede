"""A TCP proxy of the suite: connections that can be cut, refused, or silently lost.

One event loop in a thread carries all bytes. A wire stands before each node's database; another
spreads webhooks over the nodes that listen, as a load balancer does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Target = Callable[[], Awaitable[Streams]]
State = Literal["open", "refused", "silent"]

_CHUNK = 64 * 1024


class Wire:
    """One listening port. Whoever connects is carried to a target; see `State` for what befalls it.

    - "open": bytes pass in both directions
    - "refused": open connections were reset, and new ones are
    - "silent": connections stay, and no byte passes; what was sent meanwhile arrives afterwards
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, target: Target) -> None:
        """Prepare; `Wires.add` begins to listen."""
        self.port = 0
        self._loop = loop
        self._target = target
        self._state: State = "open"
        self._passes = asyncio.Event()
        self._passes.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    def set(self, state: State) -> None:
        """Change what befalls the bytes; callable from any thread."""
        self._loop.call_soon_threadsafe(self._set, state)

    def cut(self) -> None:
        """Reset every open connection; new ones are carried as before."""
        self._loop.call_soon_threadsafe(self._reset_all)

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self._reset_all()

    def _set(self, state: State) -> None:
        self._state = state
        if state == "refused":
            self._reset_all()
        if state == "silent":
            self._passes.clear()
        else:
            self._passes.set()

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self._state == "refused":
                return
            await self._passes.wait()
            far_reader, far_writer = await self._target()
            self._writers.add(far_writer)
            try:
                await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            finally:
                self._drop(far_writer)
        except OSError:
            pass  # nobody there: the client finds its connection reset
        finally:
            self._drop(writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction until its end; then the other one ends as well."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._passes.wait()
                writer.write(data)
                await writer.drain()
        if not writer.is_closing():
            writer.close()

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._writers.discard(writer)
        writer.transport.abort()


class Wires:
    """The thread that carries all wires."""

    def __init__(self) -> None:
        """Start the thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wires", daemon=True)
        self._thread.start()
        self._wires: list[Wire] = []

    def add(self, target: Target) -> Wire:
        """Listen on a free port whose connections are carried to `target`."""
        wire = Wire(self._loop, target)
        self._run(wire.start())
        self._wires.append(wire)
        return wire

    def close(self) -> None:
        """Close every wire and end the thread."""
        for wire in self._wires:
            self._run(wire.stop())
        self._run(_ended())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _ended() -> None:
    """End what still carries, a wire that lets nothing pass for one."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for it in others:
        it.cancel()
    if others:
        await asyncio.wait(others, timeout=5)


@contextmanager
def running_wires() -> Iterator[Wires]:
    """Carry wires while the context lasts."""
    wires = Wires()
    try:
        yield wires
    finally:
        wires.close()


def to_unix_socket(path: str) -> Target:
    """Carry to a unix socket."""
    return lambda: asyncio.open_unix_connection(path)


class Balancer:
    """Carry each new connection to the next port that listens."""

    def __init__(self, ports: Callable[[], list[int]]) -> None:
        """Ask `ports` at each connection which ones there are."""
        self._ports = ports
        self._next = 0

    async def __call__(self) -> Streams:
        """Connect; raises ConnectionRefusedError when nobody listens."""
        ports = self._ports()
        self._next += 1
        for number in range(len(ports)):
            port = ports[(self._next + number) % len(ports)]
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise ConnectionRefusedError
