"""Put into words why the App gets no answer from GitHub."""

from __future__ import annotations

from typing import Final

from gate.errors import GateError

_WORDS: Final = {
    "clock_skewed": "the clock of the gate's machine is wrong",
    "github_unavailable": "GitHub is unavailable",
    "installation_suspended": "the App's installation is suspended",
    "ip_not_allowed": "the organization's IP allow list does not include the gate's address",
    "key_rejected": "GitHub does not accept the App's private key",
    "not_found": "GitHub does not find it",
    "permission_missing": "the App lacks a permission",
    "rate_limited": "GitHub's rate limit is used up",
    "repository_archived": "the repository is archived",
}


def cause(error: GateError) -> str:
    """Return the cause in words; the error's slug where there are none."""
    return _WORDS.get(error.reason, error.reason)
