"""Serve the application by granian, in this very process.

Web and worker share one process, so that a stored delivery wakes the worker without a queue between
them. On SIGTERM the process is not ready any more and the worker stops, but for a while connections
are still taken, until load balancers have noticed. Then what is in flight is finished. SIGINT comes
from a person, and skips that while; a second signal ends the process at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
from datetime import timedelta
from typing import Final

from granian.constants import HTTPModes, Interfaces
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.server.embed import Server

from gate.errors import ConfigError
from gate.log import get_logger
from gate.web.door.asgi import BufferingShell

_BACKLOG: Final = 1024
_CONNECTIONS: Final = 4096
"""Connections at once. Stalled ones must not use them up, or no other client gets in."""

_OTHER_FILES: Final = 128
"""Descriptors left for the database, GitHub and whatever else is open."""

_IDLE_MILLISECONDS: Final = 75_000
"""How long a connection may idle between requests, or take to send its headers. Longer than load
balancers keep one, which is mostly 60 seconds: they would send into one we have just closed."""

_LARGEST_PORT: Final = 65_535
_LOOK_AGAIN: Final = 0.02
_SIGNALED: Final = 128

log = get_logger(__name__)


def serve(shell: BufferingShell, host: str, port: int, *, linger: timedelta = timedelta(0)) -> None:
    """Serve until a signal ends it; after SIGTERM, for `linger` longer.

    Port 0 takes a free one; the line `http.serving` says which, once connections are taken. Raises
    ConfigError when the address cannot be bound, and whatever the shell's lifecycle raised.
    """
    address = _resolve(host, port)
    chosen = free_port(host, port)
    try:
        asyncio.run(_serve(shell, address, chosen, linger))
    except FatalError:
        if shell.failure is None:
            raise
    if shell.failure is not None:
        raise shell.failure


def free_port(host: str, port: int) -> int:
    """Make sure the address can be bound, and choose a port when 0 is asked for.

    granian shares a port with other processes that listen there (SO_REUSEPORT). A second service
    started by mistake would get half of the webhooks, so it is refused here.
    """
    address = _resolve(host, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise _unusable(host, port, error.strerror or "unknown error") from None
        bound: int = probe.getsockname()[1]
        return bound


def most_connections() -> int:
    """Return how many connections there may be at once; asks for the descriptors they need.

    Many systems allow a process 1024 at first. Once they are used up, the database could not be
    opened either; who comes later waits to be taken instead.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    allowed = wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)
    return max(allowed - _OTHER_FILES, 1)


def _resolve(host: str, port: int) -> str:
    """Return the numeric address of `host`, which is all that granian takes."""
    if not 0 <= port <= _LARGEST_PORT:
        raise _unusable(host, port, f"a port is at most {_LARGEST_PORT}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _unusable(host, port, getattr(error, "strerror", None) or "no such host") from None
    # localhost is ::1 first on many machines, and who writes it mostly means 127.0.0.1.
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def _unusable(host: str, port: int, why: str) -> ConfigError:
    return ConfigError((f"--host/--port: {host}:{port} cannot be bound: {why}",))


async def _serve(shell: BufferingShell, address: str, port: int, linger: timedelta) -> None:
    server = Server(
        shell,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_IDLE_MILLISECONDS),
        backlog=_BACKLOG,
        backpressure=most_connections(),
        websockets=False,
    )
    _adopt_log()
    stopping, stopped = asyncio.Event(), asyncio.Event()

    def stop(number: signal.Signals) -> None:
        if stopping.is_set():
            log.warning("http.aborted", signal=number.name)
            os._exit(_SIGNALED + number)
        stopping.set()
        log.info("http.stopping", signal=number.name)
        shell.note_stopping()
        if number is signal.SIGTERM:
            loop.call_later(linger.total_seconds(), stopped.set)
        else:
            stopped.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    serving = loop.create_task(server.serve())
    announcing = loop.create_task(_announce(shell, address, port))
    waiting = loop.create_task(stopped.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    announcing.cancel()
    waiting.cancel()
    server.stop()  # type: ignore[no-untyped-call]  # granian leaves it untyped
    await serving
    log.info("http.stopped")


def _adopt_log() -> None:
    """Let granian's records take our way out; it has given itself a handler on stdout."""
    for name in ("_granian", "granian.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.ERROR)


async def _announce(shell: BufferingShell, address: str, port: int) -> None:
    """Log that and where we listen as soon as that is true; granian does not report it."""
    shown = f"[{address}]" if ":" in address else address
    own = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104  # binds nothing
    while True:
        try:
            _, writer = await asyncio.open_connection(own, port)
        except OSError:
            await asyncio.sleep(_LOOK_AGAIN)
            continue
        writer.close()
        shell.note_listening()
        log.info("http.serving", url=f"http://{shown}:{port}")
        return
