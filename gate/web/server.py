"""Serve the application by granian, in this very process.

Web and worker share one process, so that a stored delivery wakes the worker without a queue between
them. On SIGTERM or SIGINT no connection is taken any more, what is in flight is finished, and the
worker stops; a second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Final

from granian.constants import Interfaces
from granian.server.embed import Server

from gate.errors import ConfigError
from gate.log import get_logger
from gate.web.asgi import BufferingShell

_BACKLOG: Final = 1024
_EXIT_INTERRUPTED: Final = 130

log = get_logger(__name__)


def serve(shell: BufferingShell, host: str, port: int) -> None:
    """Serve until a signal ends it; raises ConfigError when the address cannot be bound."""
    chosen = free_port(host, port)
    asyncio.run(_serve(shell, host, chosen))


def free_port(host: str, port: int) -> int:
    """Make sure the address can be bound, and choose a port when 0 is asked for.

    granian tells of a port in use only by a message in its own log.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            problem = f"--host/--port: {host}:{port} cannot be bound: {error.strerror}"
            raise ConfigError((problem,)) from None
        bound: int = probe.getsockname()[1]
        return bound


async def _serve(shell: BufferingShell, host: str, port: int) -> None:
    server = Server(
        shell,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        backlog=_BACKLOG,
        websockets=False,
        log_enabled=False,
    )
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            os._exit(_EXIT_INTERRUPTED)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = loop.create_task(server.serve())
    waiting = loop.create_task(stopping.wait())
    log.info("http.serving", url=f"http://{host}:{port}")
    done, _ = await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if serving in done:
        waiting.cancel()
    else:
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped
    await serving
    log.info("http.stopped")
