"""Set the headers that keep a page to itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import Response
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)

from gate.loopback import is_loopback

ENCRYPTED_ONLY: Final = timedelta(days=365)
"""How long browsers refuse to speak to the gate unencrypted, counted from each answer."""

_POLICY: Final = (
    ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'")
    .connect_src("'self'")
    .form_action("'self'")
    .base_uri("'none'")
    .frame_ancestors("'none'")
)

_PRIVATE: Final = "private, no-cache"
_NEVER_STORED: Final = "no-store"


def headers_of(public_url: str, has_session: Callable[[], bool]) -> Callable[[Response], Response]:
    """Return what adds headers to each answer of a gate.

    No foreign script, style, frame or form is allowed. No shared cache stores an answer, and none
    at all where `has_session` says that the present request comes with a session: it may not be
    shown any more after the sign-out. A route that needs other values sets them itself, such as
    the badge, which others may show.
    """
    fixed = dict(_secure(public_url).headers)

    def set_headers(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        kept = _NEVER_STORED if has_session() else _PRIVATE
        response.headers.setdefault("Cache-Control", kept)
        return response

    return set_headers


def _secure(public_url: str) -> Secure:
    return Secure(
        csp=_POLICY,
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=CrossOriginResourcePolicy().same_origin(),
        permissions=PermissionsPolicy().camera().geolocation().microphone().payment(),
        referrer=ReferrerPolicy().same_origin(),
        hsts=_encrypted_only(public_url),
        xcto=XContentTypeOptions(),
        xfo=XFrameOptions().deny(),
    )


def _encrypted_only(public_url: str) -> StrictTransportSecurity | None:
    """Forbid plain http for the gate's host, but not for its subdomains, which are others'.

    On loopback the host is shared by everything that a developer runs.
    """
    url = urlsplit(public_url)
    if url.scheme != "https" or is_loopback(url.hostname or ""):
        return None
    return StrictTransportSecurity().max_age(int(ENCRYPTED_ONLY.total_seconds()))
