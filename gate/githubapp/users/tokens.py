"""Define the tokens that GitHub issues for a person, and keep them as text."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gate.githubapp.shapes.fields import Name


class UserTokens(msgspec.Struct, frozen=True):
    """A person's access token; `expires_at` is None where the App's tokens do not expire."""

    access: Name
    expires_at: datetime | None = None
    refresh: Name | None = None

    def __repr__(self) -> str:
        """Show stars."""
        return "UserTokens(***)"

    def must_renew(self, now: datetime, before: timedelta) -> bool:
        """Return whether the token is about to expire."""
        return self.expires_at is not None and now >= self.expires_at - before

    def dump(self) -> str:
        """Write the tokens as text, to be encrypted."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def load(cls, text: str) -> UserTokens:
        """Read them back; raises ValueError for another text."""
        return msgspec.json.decode(text, type=cls)
