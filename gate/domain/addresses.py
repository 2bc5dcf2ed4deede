"""Say which addresses that others wrote may be shown as links. Pure."""

from __future__ import annotations

import re
from typing import Final

_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]!$&()*+,;=%-]{1,400}")


def safe_url(url: str) -> str:
    """Give the address if a link to it is harmless, else nothing.

    It is harmless when it is short plain ASCII that no markup has a use for, and leads to the web,
    to the host that it seems to: there is no `@` before which another name could stand.
    """
    return url if _URL.fullmatch(url) else ""
