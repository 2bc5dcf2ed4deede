"""Set the headers that keep a page to itself."""

from __future__ import annotations

from typing import Final

from flask import Response
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    PermissionsPolicy,
    ReferrerPolicy,
    Secure,
    XContentTypeOptions,
    XFrameOptions,
)

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

_HEADERS: Final = Secure(
    csp=_POLICY,
    coop=CrossOriginOpenerPolicy().same_origin(),
    corp=CrossOriginResourcePolicy().same_origin(),
    permissions=PermissionsPolicy().camera().geolocation().microphone().payment(),
    referrer=ReferrerPolicy().same_origin(),
    xcto=XContentTypeOptions(),
    xfo=XFrameOptions().deny(),
)

_PRIVATE: Final = "private, no-cache"


def set_headers(response: Response) -> Response:
    """Add what is not set yet: no foreign script, style, frame or form, nothing in shared caches.

    A route that needs other values sets them itself, such as the badge, which others may show.
    """
    for name, value in _HEADERS.headers.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", _PRIVATE)
    return response
