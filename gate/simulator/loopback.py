"""The fence: a simulated GitHub talks to this machine alone.

The gate has such a test too, `gate.loopback`; nothing of the gate may be imported here.
"""

import ipaddress
from urllib.parse import urlsplit

from gate.simulator.errors import NotLoopback


def require_loopback_host(host: str) -> None:
    """Refuse a host that is not loopback; a name other than `localhost` proves nothing."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise NotLoopback(f"the simulated GitHub stays on loopback, {host!r} is not")


def require_loopback_url(url: str) -> None:
    """Refuse an address on another machine."""
    require_loopback_host(urlsplit(url).hostname or "")
