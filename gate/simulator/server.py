"""Serve a simulated GitHub on loopback: in a thread of this process, or as a process of its own."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gate.simulator import control
from gate.simulator.actions.oidc import PREFIX as OIDC_PREFIX
from gate.simulator.faults import Fault
from gate.simulator.github import SimulatedGitHub
from gate.simulator.http.authorization import PREFIX as AUTHORIZATION_PREFIX
from gate.simulator.http.registration import is_registration
from gate.simulator.http.wire import Answer, Connection, Request, Response
from gate.simulator.loopback import require_loopback_host
from gate.simulator.pages import site

_BESIDE_THE_API = (f"{OIDC_PREFIX}/", AUTHORIZATION_PREFIX)
BANNER = "SIMULATED GitHub: nothing here is real, and nothing leaves this machine."


class Server:
    """One simulated GitHub, listening. `start` and `stop` belong on the event loop's thread."""

    def __init__(self, simulated: SimulatedGitHub, host: str, port: int, root: str = "") -> None:
        require_loopback_host(host)
        self._simulated = simulated
        self._host = host
        self._port = port
        self._root = root
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Listen, and give the API root's address."""
        loop = asyncio.get_running_loop()

        def connect() -> Connection:
            return Connection(self._exchange, self._connections)

        self._server = await loop.create_server(connect, self._host, self._port, backlog=1024)
        port = self._server.sockets[0].getsockname()[1]
        url = f"http://{self._host}:{port}{self._root}"
        self._simulated.move_to(url)
        return url

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._server is not None:
            self._server.close()
        # What was accepted last becomes a connection two turns of the loop later.
        for _ in range(3):
            await asyncio.sleep(0)
        for connection in list(self._connections):
            connection.close()

    def _exchange(self, request: Request, answer: Answer) -> None:
        """Answer one request, with whatever fault befalls it; waiting is a timer, not a thread."""
        loop = asyncio.get_running_loop()
        request.arrived_at = self._simulated.world.now()
        if request.path.startswith(control.PREFIX):
            answer(control.perform(self._simulated, request))
            return
        if site.asks_for_page(request, self._root):
            answer(site.answer(self._simulated, request))
            return
        is_beside = request.path.startswith(_BESIDE_THE_API) or is_registration(request.path)
        root = "" if is_beside else self._root
        if not request.path.startswith(f"{root}/"):
            answer(Response(404))
            return
        path = request.path.removeprefix(root)
        fault = self._simulated.faults.for_request(request.method, path)
        latency = self._simulated.world.latency
        if fault is None:
            response = self._simulated.answer(request, path)
            _later(loop, latency, answer, response)
            return
        delay = fault.delay_before

        def befall() -> None:
            response = self._befallen(request, path, fault)
            _later(loop, fault.delay_after + latency, answer, response)

        if delay:
            loop.call_later(delay, befall)
        else:
            befall()

    def _befallen(self, request: Request, path: str, fault: Fault) -> Response:
        """Let the request take effect, or not, and put the fault's answer in its place."""
        if fault.applies:
            response = self._simulated.answer(request, path, response_lost=fault.replaces)
        else:
            self._simulated.rest.record_fault(request, path, fault.status or 0)
            response = Response(200)
        match fault.damage:
            case "close":
                return Response(0, hang_up=True)
            case "html":
                kind = {"Content-Type": "text/html; charset=utf-8"}
                return Response(200, b"<!DOCTYPE html><title>Unicorn!</title>", kind)
            case "truncate":
                half = response.body[: len(response.body) // 2]
                return Response(response.status, half, response.headers)
            case None:
                pass
        if fault.status is not None or fault.body is not None:
            body = (fault.body or '{"message": "Server Error"}').encode()
            headers = {"Content-Type": "application/json; charset=utf-8", **fault.headers}
            return Response(fault.status or 200, body, headers)
        return response


def _later(
    loop: asyncio.AbstractEventLoop, seconds: float, answer: Answer, response: Response
) -> None:
    if seconds > 0:
        loop.call_later(seconds, answer, response)
    else:
        answer(response)


@contextmanager
def serve(
    simulated: SimulatedGitHub, *, host: str = "127.0.0.1", port: int = 0, root: str = ""
) -> Iterator[str]:
    """Serve in a thread while the context lasts; gives the API root's address."""
    server = Server(simulated, host, port, root)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="simulated-github", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        simulated.close()


def run(
    host: str = "127.0.0.1",
    port: int = 4100,
    root: str = "",
    prepare: Callable[[SimulatedGitHub, str], str] | None = None,
) -> None:
    """Serve until interrupted.

    `prepare` is called before the first request, with the API root's address; what it returns is
    printed.
    """
    simulated = SimulatedGitHub()
    server = Server(simulated, host, port, root)

    async def forever() -> None:
        url = await server.start()
        sys.stderr.write(f"{BANNER}\nAPI root: {url}\nIssuer: {simulated.issuer.url}\n")
        sys.stderr.flush()
        if prepare is not None:
            sys.stdout.write(prepare(simulated, url))
            sys.stdout.flush()
        await asyncio.Event().wait()

    try:
        asyncio.run(forever())
    except KeyboardInterrupt:
        simulated.close()
