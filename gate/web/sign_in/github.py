"""Name what the sign-in needs of GitHub."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from gate.domain.model.access import Person


class GitHubUsers(Protocol):
    """People on GitHub; `gate.githubapp.users` describes the errors. Tokens are only kept here."""

    def address(self, state: str, verifier: str) -> str:
        """Return where a browser goes to sign in."""

    def exchange(self, code: str, verifier: str) -> str:
        """Exchange the code of a sign-in for the person's tokens."""

    def renewed(self, tokens: str, before: timedelta) -> str | None:
        """Return new tokens in place of some that expire within `before`; None for others."""

    def revoke_later(self, tokens: str) -> None:
        """Make tokens worthless soon; neither waits nor raises."""

    def read(self, tokens: str) -> Person:
        """Read whose tokens these are, and what that person may see."""
