import socket

import pytest


def test_the_network_is_out_of_reach() -> None:
    """A test that leaves this machine fails, whatever the network would have answered."""
    with (
        socket.socket() as outward,
        pytest.raises(Warning, match=r"192\.0\.2\.1"),
    ):
        outward.connect(("192.0.2.1", 443))


def test_loopback_is_within_reach() -> None:
    """The simulated GitHub and the service listen on loopback, by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=5).close()
