"""A port where nobody listens."""

from __future__ import annotations

import socket


def unused_port() -> int:
    """Return a port of this machine that was free just now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
