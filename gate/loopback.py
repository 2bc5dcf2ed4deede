"""Distinguish this machine's own hosts and addresses from all others.

The simulated GitHub has its own test, in `gate.simulator.loopback`: it knows nothing of the gate.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Check whether a host is this machine, by its address or as `localhost`."""
    return host == "localhost" or is_loopback_address(host)


def is_loopback_address(text: str) -> bool:
    """Check whether a text is an address of this machine; no name is one."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    # A listener on [::] sees IPv4 callers as ::ffff:127.0.0.1.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
