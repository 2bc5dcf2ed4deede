"""Decide whether an API token still opens anything, and when its last use is noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gate.domain.model.access import Visible

_NOTED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token allows."""

    READ = "read"


class TokenState(StrEnum):
    """Whether a token opens anything."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as the database knows it; the token itself is nowhere."""

    id: int
    name: str
    scope: Scope
    visible: Visible
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def state(self, now: datetime) -> TokenState:
        """Return whether the token opens anything at a time."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return TokenState.EXPIRED
        return TokenState.ACTIVE

    def is_use_noted(self, now: datetime) -> bool:
        """Return whether a use was noted so lately that this one need not be."""
        return self.used_at is not None and now - self.used_at < _NOTED_EVERY
