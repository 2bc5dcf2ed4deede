"""POST to a webhook over connections that are kept alive, at little cost.

A simulation that shares the machine with what it measures must not be what takes the time: a
general HTTP client costs several times as much for each delivery, most of it for sending head
and body apart.
"""

import http.client
import socket
import threading
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

ANSWER_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What a webhook answered; the body is cut to what GitHub keeps of it."""

    status: int
    headers: dict[str, str]
    body: str


class HookTimeout(Exception):
    """The webhook did not answer in time."""


class HookUnreachable(Exception):
    """Nobody listens at the webhook's address, or the connection broke."""


class Hookshot:
    """Connections to webhooks, one for each thread and host. Safe to use from any thread."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._local = threading.local()

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> HookAnswer:
        """Send one delivery; raises HookTimeout or HookUnreachable."""
        parts = urlsplit(url)
        message = _head(parts, headers, len(body)) + body
        try:
            return self._exchange(self._connection(parts), parts, message)
        except TimeoutError as error:
            raise HookTimeout(url) from error
        except (OSError, http.client.HTTPException) as error:
            raise HookUnreachable(url) from error

    def close(self) -> None:
        """Close the connections of the calling thread."""
        connections = self._connections()
        while connections:
            connections.popitem()[1].close()

    def _exchange(
        self, connection: socket.socket, parts: SplitResult, message: bytes
    ) -> HookAnswer:
        """Send a request and read its answer; keep the connection when all of it was read."""
        keep = False
        try:
            connection.settimeout(self.timeout)
            connection.sendall(message)
            with http.client.HTTPResponse(connection, method="POST") as response:
                response.begin()
                text = response.read(ANSWER_LIMIT).decode("utf-8", "replace")
                keep = not response.will_close and not response.read(1)
                return HookAnswer(response.status, dict(response.getheaders()), text)
        finally:
            if keep:
                self._connections()[parts.netloc] = connection
            else:
                connection.close()

    def _connection(self, parts: SplitResult) -> socket.socket:
        """Return a connection that is still open; nothing is sent twice to find that out."""
        kept = self._connections().pop(parts.netloc, None)
        if kept is not None:
            if _is_open(kept):
                return kept
            kept.close()
        host = parts.hostname or ""
        connection = socket.create_connection((host, parts.port or 80), self.timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _connections(self) -> dict[str, socket.socket]:
        found: dict[str, socket.socket] | None = getattr(self._local, "connections", None)
        if found is None:
            found = self._local.connections = {}
        return found


def _is_open(connection: socket.socket) -> bool:
    """Check whether an idle connection is open: it has nothing to read, not even an end."""
    connection.settimeout(0)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _head(parts: SplitResult, headers: dict[str, str], length: int) -> bytes:
    """Write the head of a request."""
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {length}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
