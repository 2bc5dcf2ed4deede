"""State what the reconciler needs to vouch for the trail; `gate.githubapp` fulfills it."""

from __future__ import annotations

from typing import Protocol


class Signer(Protocol):
    """The key that vouches for the trail; may be used from any thread."""

    @property
    def fingerprint(self) -> str:
        """Name the key, so that whoever checks knows which one to take."""
        ...

    def sign(self, text: bytes) -> str:
        """Sign `text`; the signature comes in base64."""
        ...
