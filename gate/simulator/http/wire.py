"""HTTP/1.1 for the simulated GitHub: requests in, responses out, connections kept alive.

Written out rather than borrowed, because a fault has to reach below HTTP: hang up without an
answer, break off in the middle. One event loop serves all connections; a response that is to
wait is a timer, not a thread. It supports as much HTTP as clients of GitHub's API use.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qsl

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 32 * 1024 * 1024

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """A request as it came: the path still percent-encoded, header names in lower case.

    `arrived_at` is when, by the simulation's clock, if whoever serves it has noted that.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    arrived_at: datetime | None = None


@dataclass(slots=True)
class Response:
    """A response; `hang_up` closes the connection in place of sending it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False


Answer = Callable[[Response], None]
Exchange = Callable[[Request, Answer], None]


def encode(response: Response, *, with_body: bool) -> bytes:
    """Write a response as it goes over the wire."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status not in (204, 304):
        lines.append(f"Content-Length: {len(response.body)}")
    if "Date" not in response.headers:
        lines.append(f"Date: {formatdate(usegmt=True)}")
    lines.append("X-Simulated-GitHub: 1\r\n\r\n")
    return "\r\n".join(lines).encode("latin-1") + (response.body if with_body else b"")


class Connection(asyncio.Protocol):
    """One client connection: one request at a time, answered before the next is read."""

    def __init__(self, exchange: Exchange, connections: "set[Connection]") -> None:
        self._exchange = exchange
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._busy = False
        self._keep_alive = True
        self._head_only = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; an answer still under way goes nowhere."""
        del exc
        self._transport = None
        self._connections.discard(self)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came and start on a request as soon as it is complete."""
        self._buffer += data
        if not self._busy:
            self._read()

    def _read(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                self._refuse(431)
            return
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        words = lines[0].split(" ")
        length = headers.get("content-length", "0")
        if len(words) != 3 or not length.isdigit() or "transfer-encoding" in headers:
            self._refuse(400)
            return
        if int(length) > BODY_LIMIT:
            self._refuse(413)
            return
        begin = end + 4
        if len(self._buffer) < begin + int(length):
            if headers.get("expect") == "100-continue" and len(self._buffer) == begin:
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        body = bytes(self._buffer[begin : begin + int(length)])
        del self._buffer[: begin + int(length)]
        path, _, query = words[1].partition("?")
        self._busy = True
        self._keep_alive = headers.get("connection", "").lower() != "close"
        self._head_only = words[0] == "HEAD"
        method = "GET" if self._head_only else words[0]
        parameters = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        self._exchange(Request(method, path, parameters, headers, body), self._answer)

    def _answer(self, response: Response) -> None:
        if self._transport is None:
            return
        if response.hang_up:
            self._transport.abort()
            return
        if not self._keep_alive:
            response.headers["Connection"] = "close"
        self._write(encode(response, with_body=not self._head_only))
        self._busy = False
        if not self._keep_alive:
            self._transport.close()
        elif self._buffer:
            self._read()

    def _refuse(self, status: int) -> None:
        self._keep_alive = False
        self._head_only = False
        self._answer(Response(status))

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)
