"""Check which addresses that others wrote may be shown as links. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]!$&()*+,;=%-]{1,400}")
_HOST: Final = re.compile(r"https?://[A-Za-z0-9.:-]+")
_PLAIN: Final = re.compile(rb"[A-Za-z0-9._~-]")


def safe_url(url: str) -> str:
    """Return the address if a link to it is harmless, else nothing.

    It is harmless when it is short plain ASCII that no markup has a use for, and leads to the web,
    to the host that it seems to: there is no `@` before which another name could stand.
    """
    return url if _URL.fullmatch(url) else ""


def issues_page(job_url: str, repository: str, labels: Sequence[str]) -> str:
    """Return the page that lists a repository's issues which bear all of `labels`.

    It is on the host of `job_url`, an address that GitHub gave. Nothing, where that is none; the
    unfiltered list, where the labels make too long an address for a link.
    """
    host = _HOST.match(safe_url(job_url))
    if host is None:
        return ""
    page = f"{host.group()}/{repository}/issues"
    asked = " ".join(["is:issue", *(f'label:"{label}"' for label in labels)])
    return safe_url(f"{page}?q={_escaped(asked)}") or safe_url(page)


def file_page(page: str, source: str) -> str:
    """Return the page of a file on a default branch; nothing, where that is no safe address.

    `source` names it by owner, repository and path; `page` is any address that GitHub gave.
    """
    host = _HOST.match(safe_url(page))
    owner, _, rest = source.partition("/")
    repository, _, path = rest.partition("/")
    if host is None or not path:
        return ""
    return safe_url(f"{host.group()}/{owner}/{repository}/blob/HEAD/{path}")


def _escaped(text: str) -> str:
    """Spell text for an address's query (RFC 3986, section 2.1)."""
    spelled = (bytes([it]) for it in text.encode("utf-8", "replace"))
    return "".join(it.decode() if _PLAIN.fullmatch(it) else f"%{it[0]:02X}" for it in spelled)
