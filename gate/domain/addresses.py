"""Say which addresses that others wrote may be shown as links. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]!$&()*+,;=%-]{1,400}")


def safe_url(url: str) -> str:
    """Give the address if a link to it is harmless, else nothing.

    It is harmless when it is short plain ASCII that no markup has a use for, and leads to the web,
    to the host that it seems to: there is no `@` before which another name could stand.
    """
    return url if _URL.fullmatch(url) else ""


def issues_page(job_url: str, repository: str, labels: Sequence[str]) -> str:
    """Give the page that lists a repository's issues which bear all of `labels`.

    It is on the host of `job_url`, an address that GitHub gave. Nothing, where that is none; the
    unfiltered list, where the labels make too long an address for a link.
    """
    job = urlsplit(safe_url(job_url))
    if not job.netloc:
        return ""
    page = f"{job.scheme}://{job.netloc}/{repository}/issues"
    asked = " ".join(["is:issue", *(f'label:"{label}"' for label in labels)])
    return safe_url(f"{page}?q={quote(asked, safe='')}") or safe_url(page)
