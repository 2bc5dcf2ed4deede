"""Check whether people can sign in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from gate.doctor.findings import Finding, Level
from gate.githubapp.users.authorization import web_root
from gate.loopback import is_loopback
from gate.settings import Settings

_WHAT = "sign-in"


def find_sign_in(settings: Settings) -> Iterator[Finding]:
    """Report where people sign in, or that nobody elsewhere can open a page."""
    if settings.has_sign_in:
        root = web_root(settings.github_api_url)
        found = f"with {root}, and back to {settings.public_url}/sign-in/callback"
        yield Finding(Level.OK, _WHAT, found)
    elif is_loopback(urlsplit(settings.public_url).hostname or ""):
        yield Finding(Level.OK, _WHAT, "not configured; pages answer on this machine only")
    else:
        remedy = (
            "set GATE_GITHUB_CLIENT_ID, GATE_GITHUB_CLIENT_SECRET and GATE_SESSION_KEY,"
            " see docs/how-to/sign-in.md"
        )
        yield Finding(Level.WARN, _WHAT, "not configured, so nobody can open a page", remedy)
