"""Which hosts are this machine."""

import pytest

from gate.loopback import is_loopback, is_loopback_address


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"]
)
def test_hosts_of_this_machine(host: str) -> None:
    """The name, both families of addresses, and IPv4 callers as a listener on [::] sees them."""
    assert is_loopback(host)
    assert is_loopback_address(host) == (host != "localhost")


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "::", "::ffff:10.0.0.1"],  # noqa: S104  # binds nothing
)
def test_hosts_that_may_be_elsewhere(host: str) -> None:
    """Any other name may resolve to any machine, and no other address is loopback."""
    assert not is_loopback(host)
    assert not is_loopback_address(host)
