"""Find out who asks, and what they may see.

Callers on this machine see everything while the gate's public URL is loopback, as on a developer's
machine. The socket's own address decides who that is; one who came through a proxy is not local,
whatever the proxy's address, and neither is one who asks for a public name: a web page could have
sent a browser on this machine here. A plain reverse proxy can look like such a caller, which is why
a gate with a public URL requires a sign-in or a token from every caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from flask import request

from gate.domain.model.access import EVERYTHING, Visible
from gate.loopback import is_loopback, is_loopback_address

_PROXIED: Final = frozenset({"Forwarded", "Via", "X-Real-Ip"})
_PROXIED_PREFIX: Final = "X-Forwarded-"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone who reads: a person's login on GitHub, a token's name, or None on this machine."""

    login: str | None
    visible: Visible


def no_form_token() -> str:
    """Return the token of forms where nobody can sign in: none."""
    return ""


LOCAL: Final = Viewer(None, EVERYTHING)
"""Whoever sits at this machine."""


@dataclass(frozen=True, slots=True)
class Viewers:
    """How callers are recognized.

    `signed_in` returns the person whose session the present request belongs to; it is None where
    sign-in is not configured. `form_token` returns the token of the forms that sign out; it is
    empty where the present request comes without a session, and asks neither the database nor
    GitHub. `trusts_loopback` lets callers on this machine in.
    """

    trusts_loopback: bool
    signed_in: Callable[[], Viewer | None] | None = None
    form_token: Callable[[], str] = no_form_token

    def find(self) -> Viewer | None:
        """Return who sends the present request; None for a stranger."""
        person = self.signed_in() if self.signed_in is not None else None
        if person is not None:
            return person
        return LOCAL if self.trusts_loopback and is_local() else None


def is_local() -> bool:
    """Return whether the present request comes from this machine, for this machine."""
    if any(name in _PROXIED or name.startswith(_PROXIED_PREFIX) for name in _header_names()):
        return False
    return is_loopback_address(request.remote_addr or "") and is_loopback(_asked_host())


def _header_names() -> Iterator[str]:
    return (name.title() for name in request.headers.keys())  # noqa: SIM118  # iterating gives pairs


def _asked_host() -> str:
    """Return the name the caller asked for, without its port; empty when it makes no sense."""
    try:
        return urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname or ""
    except ValueError:
        return ""
