"""Describe what keeps GitHub from answering the App until a person changes a setting."""

from __future__ import annotations

from typing import Final

from gate.errors import GateError

_WORDS: Final = {
    "clock_skewed": "the clock of the gate's machine is wrong",
    "installation_suspended": "the App's installation is suspended",
    "ip_not_allowed": "the organization's IP allow list does not include the gate's address",
    "key_rejected": "GitHub does not accept the App's private key",
    "repository_archived": "the repository is archived",
}


def cause(error: GateError) -> str:
    """Return what stands in the way; the error's slug where it says enough by itself."""
    return _WORDS.get(error.reason, error.reason)
