"""The primary rate limit: so many requests an hour for each installation.

See "Rate limits for the REST API". A conditional request answered with 304 is not counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DEFAULT_LIMIT = 5_000


@dataclass(slots=True)
class Bucket:
    """What one caller has used of its hour."""

    limit: int
    used: int
    reset_at: datetime

    @property
    def remaining(self) -> int:
        """Count what is left."""
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        """Write the rate-limit headers of an answer."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(int(self.reset_at.timestamp())),
            "X-RateLimit-Resource": "core",
        }

    def shape(self) -> dict[str, int]:
        """Describe the bucket as `rate-limit`."""
        return {
            "limit": self.limit,
            "remaining": self.remaining,
            "used": self.used,
            "reset": int(self.reset_at.timestamp()),
        }


class RateLimits:
    """A bucket for each caller; `default` None leaves the limit off, as GHES does at first."""

    def __init__(self, default: int | None = DEFAULT_LIMIT) -> None:
        self.default = default
        self._limits: dict[str, int] = {}
        self._buckets: dict[str, Bucket] = {}

    def set(self, limit: int | None, caller: str | None = None) -> None:
        """Change the limit of one caller or of all, and restart their hour."""
        if caller is None:
            self.default = limit
            self._limits.clear()
            self._buckets.clear()
        elif limit is not None:
            self._limits[caller] = limit
            self._buckets.pop(caller, None)

    def use_up(self, caller: str, until: datetime) -> None:
        """Leave a caller no call until then, where its hour ends."""
        limit = self._limits.get(caller, self.default) or DEFAULT_LIMIT
        self._buckets[caller] = Bucket(limit, limit, until)

    def bucket(self, caller: str, now: datetime) -> Bucket | None:
        """Find a caller's bucket for this hour."""
        limit = self._limits.get(caller, self.default)
        if limit is None:
            return None
        found = self._buckets.get(caller)
        if found is None or found.reset_at <= now:
            found = Bucket(limit, 0, now.replace(microsecond=0) + HOUR)
            self._buckets[caller] = found
        return found
