"""Run `gate serve` as a process of its own, and send requests to it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from tests.support.harness import wait_for

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
        """Return the names of what was logged so far."""
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
        """Prevent the service from committing, so that a delivery stays in flight."""
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


def ask_raw(server: Server, request: bytes, *, half_close: bool = False) -> int:
    """Send bytes and give the status; 0 when the connection ends without an answer."""
    with server.connect() as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
        return int(answer.split()[1]) if answer else 0


def accepts(server: Server) -> bool:
    """Return whether a new connection is taken."""
    try:
        server.connect().close()
    except OSError:
        return False
    return True
