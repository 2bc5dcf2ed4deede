"""Define a finding, and make one of an error that ends a check."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.errors import GateError

_REMEDIES: Final = {
    "permission_missing": "accept the App's permissions in the installation's settings",
    "key_rejected": "GitHub does not know this App id, or the key was deleted: generate a "
    "private key in the App's settings, and set it with the App's id",
    "clock_skewed": "synchronize this machine's clock",
    "ip_not_allowed": "add this machine's address to the organization's IP allow list",
    "installation_suspended": "unsuspend the installation in the account's settings",
    "repository_archived": "unarchive the repository, or remove it from the installation",
    "github_unavailable": "check GATE_GITHUB_API_URL and the network to it",
    "database_busy": "check GATE_DATABASE_URL, and that the database is running",
    "rate_limited": "wait until the rate limit resets",
}

HOPELESS: Final = frozenset(
    {
        "clock_skewed",
        "github_unavailable",
        "installation_suspended",
        "ip_not_allowed",
        "key_rejected",
        "rate_limited",
    }
)
"""Errors that the next look would only repeat."""


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do."""

    level: Level
    what: str
    found: str
    remedy: str = ""


def guarded(
    what: str, look: Callable[[], Iterator[Finding]]
) -> Generator[Finding, None, str | None]:
    """Yield what `look` finds; an error that ends it is a finding too, and its reason returned."""
    try:
        yield from look()
    except GateError as error:
        detail = f"{error.reason}: {error.detail}"
        yield Finding(Level.FAIL, what, detail, _REMEDIES.get(error.reason, "see the detail"))
        return error.reason
    return None
