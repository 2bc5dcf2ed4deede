"""An installation's hourly quota, as GitHub showed it to this process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from gate.domain.limits.quota import Quota, QuotaSeen, with_seen

_BOOT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Any moment does: times here are compared with each other only."""


class ShownQuota:
    """What GitHub showed last: `left` of `hourly` calls. None before it has shown anything.

    Not thread-safe. Instants are of the uptime.
    """

    def __init__(self) -> None:
        """Start without having seen any."""
        self.left: int | None = None
        self.hourly: int | None = None
        self._quota: Quota | None = None

    def record(self, left: int, hourly: int | None, seen: QuotaSeen | None, now: float) -> None:
        """Learn what an answer shows; without a quota for the hour, that stays as it was."""
        self.left = left
        self.hourly = hourly or self.hourly
        if seen is not None:
            self._quota = with_seen(self._quota, seen, _moment(now))

    def seen(self, now: float) -> QuotaSeen | None:
        """Return what is left until the quota is renewed; None when that is not known."""
        if self._quota is None or self._quota.resets_at <= _moment(now):
            return None
        return QuotaSeen(self._quota.left, self._quota.resets_at - _moment(now))


def _moment(uptime: float) -> datetime:
    return _BOOT + timedelta(seconds=uptime)
