"""The cookies of a gate with a public address, and with one on loopback."""

from __future__ import annotations

import pytest
from flask import Flask, Response

from gate.web.sign_in.cookies import Cookies

SECRET = "s" * 43


def set_by(cookies: Cookies) -> list[str]:
    """Set both cookies, and give the headers."""
    response = Response()
    with Flask("test").test_request_context():
        cookies.set_session(response, SECRET)
        cookies.set_browser(response, SECRET)
    return response.headers.getlist("Set-Cookie")


def flags(header: str) -> set[str]:
    """Split a header into its attributes."""
    return set(header.split("; ")[1:])


def test_a_public_gate_sets_cookies_for_its_host_only() -> None:
    """Encrypted, out of reach of scripts, not sent along by other sites' forms; no domain."""
    session, browser = set_by(Cookies(secure=True))
    assert session.startswith(f"__Host-gate={SECRET}; ")
    assert browser.startswith(f"__Host-gate-sign-in={SECRET}; ")
    for header, seconds in ((session, 12 * 3600), (browser, 600)):
        shown = {it for it in flags(header) if not it.startswith("Expires=")}
        assert shown == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={seconds}"}


def test_on_loopback_the_names_are_plain() -> None:
    """Browsers refuse the prefix over plain http."""
    session, browser = set_by(Cookies(secure=False))
    assert session.startswith("gate=")
    assert browser.startswith("gate-sign-in=")
    assert "Secure" not in flags(session) | flags(browser)
    assert {"HttpOnly", "SameSite=Lax"} <= flags(session)


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (f"__Host-gate={SECRET}", SECRET),
        (f"gate={SECRET}", None),
        ("__Host-gate=short", None),
        (f"__Host-gate={SECRET}x", None),
        ("__Host-gate=" + "é" * 43, None),
        ("", None),
    ],
)
def test_only_a_secret_of_ours_is_looked_up(cookie: str, found: str | None) -> None:
    """And only under the name that this gate sets."""
    with Flask("test").test_request_context(headers={"Cookie": cookie}):
        assert Cookies(secure=True).read_session() == found
