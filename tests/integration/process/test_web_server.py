"""The real process: how it starts, whom it answers, and how it ends."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.support.harness import wait_for
from tests.support.keys import make_key_pair

SECRET: Final = "a secret of the tests"
BODY: Final = b'{"ref": "refs/heads/topic"}'
DEADLINE: Final = 30.0


@dataclass(slots=True)
class Server:
    """A running `gate serve` and what it wrote to stderr."""

    process: subprocess.Popen[bytes]
    log: Path
    folder: Path
    port: int = 0

    def lines(self) -> list[dict[str, Any]]:
        """Read what was logged so far; a line that is being written is left out."""
        whole = self.log.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in whole if line.startswith("{") and line.endswith("\n")]

    def events(self) -> list[str]:
        """Give the names of what was logged so far."""
        return [line["event"] for line in self.lines()]

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def deliver(self, delivery_id: str) -> int:
        """Post a delivery over a connection of its own and give the status."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("POST", "/webhooks/github", BODY, headers(delivery_id))
            return connection.getresponse().status
        finally:
            connection.close()

    @contextmanager
    def locked_database(self) -> Iterator[None]:
        """Keep the service from committing, so that a delivery stays in flight."""
        connection = sqlite3.connect(
            self.folder / "gate.db", isolation_level=None, timeout=DEADLINE
        )
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.close()

    def in_flight(self) -> int:
        """Count the connections the service has open."""
        found = psutil.Process(self.process.pid).net_connections(kind="tcp")
        return sum(
            it.status == psutil.CONN_ESTABLISHED and it.laddr.port == self.port for it in found
        )


def headers(delivery_id: str) -> dict[str, str]:
    """List the headers of a delivery."""
    signature = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery_id,
        "X-Hub-Signature-256": f"sha256={signature}",
    }


def start(folder: Path, private_key: str, *, port: int = 0) -> Server:
    """Start `gate serve`; the API it is given is a port where nobody listens."""
    environ = {name: it for name, it in os.environ.items() if not name.startswith("GATE_")}
    environ |= {
        "GATE_GITHUB_APP_ID": "1",
        "GATE_GITHUB_PRIVATE_KEY": private_key,
        "GATE_GITHUB_WEBHOOK_SECRET": SECRET,
        "GATE_GITHUB_API_URL": "http://127.0.0.1:9",
        "GATE_DATABASE_URL": f"sqlite:///{folder}/gate.db",
        "GATE_LOG_FORMAT": "json",
    }
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "gate", "serve", "--port", str(port)],
            env=environ,
            stderr=stream,
            cwd=folder,
        )
    return Server(process, log, folder)


def ready(server: Server) -> Server:
    """Wait until a server takes connections, and note where."""

    def serving() -> bool:
        assert server.process.poll() is None, server.log.read_text(encoding="utf-8")
        return "http.serving" in server.events()

    wait_for(serving, "the server to serve")
    (line,) = [line for line in server.lines() if line["event"] == "http.serving"]
    server.port = int(line["url"].rpartition(":")[2])
    return server


@pytest.fixture(scope="module")
def private_key() -> str:
    """Give the App's key."""
    private, _ = make_key_pair()
    return private


@pytest.fixture(scope="module")
def server(private_key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server for all tests that leave it running."""
    started = start(tmp_path_factory.mktemp("server"), private_key)
    try:
        yield ready(started)
    finally:
        started.process.kill()
        started.process.wait(DEADLINE)


@pytest.fixture
def own_server(private_key: str, tmp_path: Path) -> Iterator[Server]:
    """Give a server that the test may end."""
    started = start(tmp_path, private_key)
    try:
        yield ready(started)
    finally:
        started.process.kill()
        started.process.wait(DEADLINE)


def test_a_connection_is_kept_for_more_requests(server: Server) -> None:
    """GitHub and load balancers do not pay for a new one each time."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
    connection.connect()
    own = connection.sock.getsockname()
    answers = []
    for method, path in [("GET", "/healthz"), ("HEAD", "/readyz"), ("GET", "/nowhere")]:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        answers.append(response.status)
    connection.request("POST", "/webhooks/github", BODY, headers("kept-1"))

    assert connection.getresponse().status == 202
    assert answers == [200, 200, 404]
    assert connection.sock.getsockname() == own
    connection.close()


def test_clients_that_stall_block_nobody(server: Server) -> None:
    """64 bodies that never end leave the others what they had."""
    stalled = [server.connect() for _ in range(64)]
    try:
        for connection in stalled:
            connection.sendall(
                b"POST /webhooks/github HTTP/1.1\r\nHost: gate\r\nContent-Length: 9999\r\n\r\n{"
            )
        wait_for(lambda: server.in_flight() >= 64, "all connections to be taken")
        started = time.monotonic()
        assert server.deliver("prompt-1") == 202
        # They would hold everybody up for the 10 seconds after which they are let go.
        assert time.monotonic() - started < 5
    finally:
        for connection in stalled:
            connection.close()


def ask_raw(server: Server, request: bytes, *, half_close: bool = False) -> int:
    """Send bytes and give the status; 0 when the connection ends without an answer."""
    with server.connect() as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
        return int(answer.split()[1]) if answer else 0


_HEAD: Final = b"POST /webhooks/github HTTP/1.1\r\nHost: gate\r\nContent-Type: application/json\r\n"


def _signed(*more: bytes, leave_out: str = "") -> bytes:
    lines = [f"{k}: {v}".encode() for k, v in headers("raw-1").items() if k != leave_out]
    return b"\r\n".join([b"POST /webhooks/github HTTP/1.1", b"Host: gate", *lines, *more, b"", b""])


_CHUNKED: Final = b"Transfer-Encoding: chunked"
_LENGTH: Final = b"Content-Length: %d" % len(BODY)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(
            _signed(_CHUNKED) + b"5\r\n" + BODY[:5] + b"\r\n16\r\n" + BODY[5:] + b"\r\n0\r\n\r\n",
            {200, 202},
            id="chunked",
        ),
        pytest.param(_signed(_CHUNKED) + b"zz\r\n", {400}, id="broken chunk"),
        pytest.param(
            _signed(_LENGTH, b"X-GitHub-Delivery: raw-2") + BODY, {400}, id="two delivery ids"
        ),
        pytest.param(
            _signed(_LENGTH, b"X-Hub-Signature-256: sha256=00") + BODY, {401}, id="two signatures"
        ),
        pytest.param(
            _signed(_LENGTH, b"X_GitHub_Event: push", leave_out="X-GitHub-Event") + BODY,
            {400},
            id="underscores",
        ),
        pytest.param(
            _signed(_LENGTH, b"X-Hub-Signature-256: \xff\xfe", leave_out="X-Hub-Signature-256")
            + BODY,
            {401},
            id="signature not ASCII",
        ),
        pytest.param(_signed(_LENGTH, b"X: " + b"x" * 60_000) + BODY, {200, 202}, id="long header"),
        pytest.param(_signed(_LENGTH, b"X: " + b"x" * 900_000) + BODY, {431}, id="huge header"),
        pytest.param(_signed(_LENGTH, *[b"X: x"] * 200) + BODY, {431}, id="many headers"),
        pytest.param(_HEAD + b"Content-Length: 26214401\r\n\r\n", {413}, id="too large"),
        pytest.param(_HEAD + b"Content-Length: -1\r\n\r\n", {400}, id="negative length"),
        pytest.param(_HEAD + b"Content-Length: 1_0\r\n\r\n", {400}, id="odd length"),
        pytest.param(_HEAD + b"\r\n", {401}, id="no body"),
        pytest.param(b"GET /\x00 HTTP/1.1\r\nHost: gate\r\n\r\n", {400}, id="NUL in the path"),
        pytest.param(b"GET /%00%ff HTTP/1.1\r\nHost: gate\r\n\r\n", {404}, id="escaped NUL"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: [\r\n\r\n", {200, 400}, id="odd host"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\nHost: gate\r\n\r\n", {200, 404, 405}, id="asterisk"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {0, 400}, id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {0, 400, 404, 405, 505}, id="HTTP/2"),
    ],
)
def test_broken_requests_are_the_clients_fault(
    server: Server, request_bytes: bytes, status: set[int]
) -> None:
    """Nothing that comes over the wire is answered with a 500."""
    assert ask_raw(server, request_bytes) in status
    assert ask_raw(server, b"GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n") == 200


@pytest.mark.parametrize(
    "request_bytes", [_signed(_CHUNKED) + b"5\r\nabc", _signed(_LENGTH) + BODY[:-1]]
)
def test_a_body_that_is_cut_off_is_answered(server: Server, request_bytes: bytes) -> None:
    """The client has only stopped sending; it may still listen."""
    assert ask_raw(server, request_bytes, half_close=True) == 400


def test_it_is_small(server: Server) -> None:
    """Web and worker are one process."""
    process = psutil.Process(server.process.pid)

    assert process.children() == []
    assert process.memory_info().rss < 150 * 2**20


def test_a_second_service_is_refused_the_port(
    server: Server, private_key: str, tmp_path: Path
) -> None:
    """It would silently get half of the webhooks."""
    second = start(tmp_path, private_key, port=server.port)

    assert second.process.wait(DEADLINE) == 78
    said = second.log.read_text(encoding="utf-8")
    assert f"127.0.0.1:{server.port} cannot be bound: Address already in use" in said


@contextmanager
def delivery_in_flight(server: Server) -> Iterator[http.client.HTTPConnection]:
    """Post a delivery whose commit cannot end while the block lasts; its answer is still to come.

    When a request sent after it has been answered, it has been taken.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
    with server.locked_database():
        connection.request("POST", "/webhooks/github", BODY, headers("in-flight-1"))
        assert ask_raw(server, b"GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n") == 200
        yield connection


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_all_is_finished(own_server: Server, number: signal.Signals) -> None:
    """What is in flight gets its answer, nobody new gets in, idle connections are let go."""
    idle = own_server.connect()
    idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: gate\r\n\r\n")
    assert idle.recv(12) == b"HTTP/1.1 200"
    with delivery_in_flight(own_server) as posted:
        own_server.process.send_signal(number)
        wait_for(lambda: "http.stopping" in own_server.events(), "the signal to be heard")
        wait_for(lambda: not accepts(own_server), "the port to be closed")
        assert "delivery.accepted" not in own_server.events()

    assert posted.getresponse().status == 202
    assert own_server.process.wait(DEADLINE) == 0
    idle.close()
    events = own_server.events()
    assert events.index("http.stopping") < events.index("delivery.accepted")
    assert events.index("delivery.accepted") < events.index("worker.stopped")
    assert events[-1] == "http.stopped"


def accepts(server: Server) -> bool:
    """Say whether a new connection is taken."""
    try:
        server.connect().close()
    except OSError:
        return False
    return True


def test_a_second_signal_ends_it_at_once(own_server: Server) -> None:
    """Whoever cannot wait need not: what was not answered yet was not promised either."""
    with delivery_in_flight(own_server) as posted:
        own_server.process.terminate()
        wait_for(lambda: "http.stopping" in own_server.events(), "the signal to be heard")
        own_server.process.terminate()
        assert own_server.process.wait(DEADLINE) == 128 + signal.SIGTERM
        with pytest.raises((http.client.HTTPException, OSError)):
            posted.getresponse()


_FAILING = """
from flask import Flask
from gate.web.door.asgi import BufferingShell, Lifecycle
from gate.web.door.server import serve

def start():
    raise LookupError("no worker")

serve(BufferingShell(Flask("x"), Lifecycle(start, lambda: None)), "127.0.0.1", 0)
"""


def test_a_start_that_fails_ends_the_process() -> None:
    """The server would otherwise go on without a worker, which nobody notices for long."""
    ended = subprocess.run(
        [sys.executable, "-c", _FAILING], capture_output=True, timeout=DEADLINE, check=False
    )

    assert ended.returncode == 1
    assert b"LookupError: no worker" in ended.stderr


_COUNTING = """
import resource, sys
from gate.web.door.server import most_connections

resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(most_connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "expected"),
    [(1024, 1024, "896 1024"), (256, 1000, "872 1000"), (1024, 10_000, "4096 4224")],
)
def test_connections_leave_descriptors_for_the_database(
    soft: int, hard: int, expected: str
) -> None:
    """A flood of connections must not keep the service from opening a file."""
    counted = subprocess.run(
        [sys.executable, "-c", _COUNTING, str(soft), str(hard)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    )

    assert counted.stdout.strip() == expected
