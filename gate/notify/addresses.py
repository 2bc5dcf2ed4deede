"""Parse the URLs of channels; each problem names the variable and never its value."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gate.errors import ConfigError
from gate.loopback import is_loopback

_PORTS: Final = range(1, 65536)


def split_address(variable: str, value: str, schemes: frozenset[str]) -> SplitResult:
    """Split a URL of one of `schemes`; raises ConfigError when it is invalid."""
    allowed = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
    problem = ConfigError((f"{variable} is not a URL; it must begin with {allowed}",))
    try:
        url = urlsplit(value)
        is_sound = bool(url.hostname) and (url.port is None or url.port in _PORTS)
    except ValueError:
        raise problem from None
    if not is_sound or url.scheme not in schemes or not re.fullmatch(r"[\x21-\x7e]+", value):
        raise problem
    return url


def check_web_address(variable: str, value: str) -> str:
    """Return a web URL if alerts may be sent there; raises ConfigError otherwise.

    Credentials in it would be sent in headers that no receiver of ours asks for.
    """
    url = split_address(variable, value, frozenset({"https", "http"}))
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise ConfigError(
            (f"{variable} must begin with https://; http is allowed for loopback only",)
        )
    if "@" in url.netloc or url.fragment:
        raise ConfigError((f"{variable} must not contain a user, a password or a fragment",))
    return value
