"""Set and read the two cookies: of the session, and of the browser that signs in.

With `__Host-` a browser takes them from this host only, encrypted and for every path. Browsers
refuse such a name over plain http, which the gate speaks on loopback only: there it is left out.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from flask import Response, request

from gate.domain.access.session import LIFETIME, SIGN_IN_LASTS

_SESSION: Final = "gate"
_BROWSER: Final = "gate-sign-in"
_SECURE_PREFIX: Final = "__Host-"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""What `secrets.token_urlsafe` makes of 32 bytes."""


class Cookies:
    """The cookies of one gate."""

    def __init__(self, *, secure: bool) -> None:
        """Name the cookies by whether the gate's address is encrypted."""
        prefix = _SECURE_PREFIX if secure else ""
        self._secure = secure
        self.session_name: Final = f"{prefix}{_SESSION}"
        self.browser_name: Final = f"{prefix}{_BROWSER}"

    def read_session(self) -> str | None:
        """Read the secret of the session from the present request."""
        return _read(self.session_name)

    def read_browser(self) -> str | None:
        """Read the secret by which a browser's sign-ins are told from others'."""
        return _read(self.browser_name)

    def set_session(self, response: Response, secret: str) -> None:
        """Set the session's cookie."""
        self._set(response, self.session_name, secret, LIFETIME)

    def set_browser(self, response: Response, secret: str) -> None:
        """Mark the browser that begins a sign-in."""
        self._set(response, self.browser_name, secret, SIGN_IN_LASTS)

    def end_session(self, response: Response) -> None:
        """Make the browser forget its session."""
        self._set(response, self.session_name, "", timedelta())

    def _set(self, response: Response, name: str, value: str, lasts: timedelta) -> None:
        response.set_cookie(
            name, value, lasts, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )


def _read(name: str) -> str | None:
    value = request.cookies.get(name, "")
    return value if _SECRET.fullmatch(value) is not None else None
