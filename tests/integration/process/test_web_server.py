"""The real web server: which requests it answers, how, and how it shuts down."""

from __future__ import annotations

import http.client
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import pytest
import requests

from gate.bootstrap.web import WEB_THREADS
from tests.integration.process.served_process import (
    BODY,
    DEADLINE,
    Server,
    accepts,
    ask_raw,
    headers,
    ready,
    start,
)
from tests.support.harness import wait_for
from tests.support.keys import make_key_pair


@pytest.fixture(scope="module")
def private_key() -> str:
    """Provide the App's key."""
    private, _ = make_key_pair()
    return private


@pytest.fixture(scope="module")
def server(private_key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Provide a server for all tests that leave it running."""
    started = start(tmp_path_factory.mktemp("server"), private_key)
    try:
        yield ready(started)
    finally:
        started.process.kill()
        started.process.wait(DEADLINE)


@pytest.fixture
def own_server(private_key: str, tmp_path: Path) -> Iterator[Server]:
    """Provide a server that the test may end."""
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


@pytest.mark.parametrize("path", ["/history.csv", "/history.jsonl"])
def test_an_export_is_whole_and_leaves_its_reader_nowhere(server: Server, path: str) -> None:
    """Several threads read its parts; none of them takes the next stranger for its reader."""
    answer = requests.get(f"http://127.0.0.1:{server.port}{path}", timeout=DEADLINE)
    pages = [
        requests.get(
            f"http://127.0.0.1:{server.port}/api",
            headers={"X-Forwarded-For": "203.0.113.7"},
            timeout=DEADLINE,
        )
        for _ in range(WEB_THREADS * 2)
    ]

    assert answer.status_code == 200
    assert "cut off" not in answer.text
    assert [it.status_code for it in pages] == [200] * len(pages)
    assert not any("on this machine" in it.text for it in pages)


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
    assert events.index("delivery.accepted") < events.index("node.stopped")
    assert "worker.stopped" in events
    assert events[-1] == "http.stopped"


def test_a_second_signal_ends_it_at_once(own_server: Server) -> None:
    """Whoever cannot wait need not: what was not answered yet was not promised either."""
    with delivery_in_flight(own_server) as posted:
        own_server.process.terminate()
        wait_for(lambda: "http.stopping" in own_server.events(), "the signal to be heard")
        own_server.process.terminate()
        assert own_server.process.wait(DEADLINE) == 128 + signal.SIGTERM
        with pytest.raises((http.client.HTTPException, OSError)):
            posted.getresponse()
