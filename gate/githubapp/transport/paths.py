"""Build the paths that are called, from checked parts, and check those that GitHub names.

No part may step out of its place: libraries on the way resolve `..` segments before sending.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

from gate.errors import Refused

_FULL_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")
_STEPS: Final = frozenset({".", ".."})
_NO_SEGMENTS: Final = _STEPS | {""}


def is_full_name(text: str) -> bool:
    """Return whether a text can be the `owner/name` of a repository."""
    return _FULL_NAME.fullmatch(text) is not None and _NO_SEGMENTS.isdisjoint(text.split("/"))


def repository_path(full_name: str, rest: str = "") -> str:
    """Return the path of a repository; `rest` is what comes below it, beginning with a slash.

    Raises Refused("not_found") for what cannot be a repository's name, without asking GitHub.
    """
    if not is_full_name(full_name):
        raise Refused("not_found", f"{full_name!r} is no repository's name")
    return f"/repos/{full_name}{rest}"


def segment(text: str) -> str:
    """Encode a text as one segment of a path; a slash in it becomes `%2F`.

    Raises Refused("not_found") for what would not stay one segment.
    """
    if text in _NO_SEGMENTS:
        raise Refused("not_found", f"{text!r} cannot stand in a path")
    return quote(text, safe="")


def file_path(path: str) -> str:
    """Encode the path of a file below a repository's root, segment by segment."""
    return "/".join(segment(part) for part in path.split("/"))


def path_below(api_url: str, url: str) -> str | None:
    """Return the path and query of a URL below the API root; None for a URL of anywhere else.

    Redirects and links to the next page may be relative.
    """
    if not url:
        # It would be the root itself, where whatever is asked for is not found.
        return None
    root = api_url.rstrip("/") + "/"
    try:
        own, named = urlsplit(root), urlsplit(urljoin(root, url))
    except ValueError:
        return None
    if (named.scheme, named.netloc) != (own.scheme, own.netloc):
        return None
    if not named.path.startswith(own.path) or not _STEPS.isdisjoint(unquote(named.path).split("/")):
        return None
    path = "/" + named.path.removeprefix(own.path)
    return f"{path}?{named.query}" if named.query else path
