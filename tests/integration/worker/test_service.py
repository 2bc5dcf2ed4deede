"""A service that is closed leaves nothing open."""

from __future__ import annotations

import gc
import socket
from contextlib import suppress
from urllib.parse import urlsplit

from tests.support.harness import REPOSITORY, Gate


def connections_to(port: int) -> list[socket.socket]:
    """List the sockets of this process that are connected to a port."""
    found = []
    for it in gc.get_objects():
        if isinstance(it, socket.socket) and it.family == socket.AF_INET and it.fileno() != -1:
            with suppress(OSError):
                if it.getpeername()[1] == port:
                    found.append(it)
    return found


def test_a_closed_service_has_hung_up_on_github(gate: Gate) -> None:
    """The connections that are kept alive between calls end with the service."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    port = urlsplit(gate.service.settings.github_api_url).port
    assert port is not None
    assert connections_to(port)
    gate.service.close()
    assert connections_to(port) == []
    gate.restart()
