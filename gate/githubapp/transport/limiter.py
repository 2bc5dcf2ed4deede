"""Keep each installation within GitHub's limits, without ever sleeping.

GitHub counts points a minute and calls at once besides its hourly quota, and asks who ran into a
limit to stay away for a while (docs: Rate limits for the REST API). A call that must wait is
refused here with the time it has to wait, so that its thread can do something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from gate.clock import Clock
from gate.errors import RetryLater

READ_POINTS: Final = 1
WRITE_POINTS: Final = 5
_POINTS_PER_MINUTE: Final = 900
_CALLS_AT_ONCE: Final = 50
"""Half of what GitHub allows, since other Apps' calls for the same owner count too."""
_UNTOLD_PAUSE: Final = timedelta(seconds=60)
_SHORT_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(hours=1)
"""The quota is renewed every hour, so anything longer is a mistake of somebody's clock."""
_MOST_DIGITS: Final = 15
_LEAST_ADVICE: Final = timedelta(milliseconds=50)


@dataclass(slots=True)
class _Account:
    """What one installation has used up."""

    points: float
    refilled_at: datetime
    calls: int = 0
    paused_until: datetime | None = None
    remaining: int | None = None
    quota: int | None = None

    def pause(self, until: datetime) -> None:
        """Pause until then, or longer if that was said before."""
        if self.paused_until is None or self.paused_until < until:
            self.paused_until = until


class Limiter:
    """Admit calls per installation (None: those of the App itself); thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing used."""
        self._clock = clock
        self._lock = Lock()
        self._accounts: dict[int | None, _Account] = {}

    @contextmanager
    def admitted(self, installation_id: int | None, points: int) -> Iterator[None]:
        """Count a call while it runs; raises RetryLater("rate_limited") when it must wait."""
        account = self._admit(installation_id, points)
        try:
            yield
        finally:
            with self._lock:
                account.calls -= 1

    def _admit(self, installation_id: int | None, points: int) -> _Account:
        now = self._clock()
        with self._lock:
            account = self._account(installation_id, now)
            if account.paused_until is not None and now < account.paused_until:
                raise RetryLater("rate_limited", "paused", after=account.paused_until - now)
            if account.calls >= _CALLS_AT_ONCE:
                raise RetryLater("rate_limited", "too many calls at once", after=_SHORT_PAUSE)
            _refill(account, now)
            if account.points < points:
                wait = timedelta(minutes=(points - account.points) / _POINTS_PER_MINUTE)
                after = max(wait, _LEAST_ADVICE)
                raise RetryLater("rate_limited", "points of this minute used up", after=after)
            account.points -= points
            account.calls += 1
            return account

    def record_answer(self, installation_id: int | None, headers: Mapping[str, str]) -> None:
        """Learn how much of the hourly quota is left; at zero, stop until it is renewed."""
        remaining = _number(headers.get("x-ratelimit-remaining"))
        if remaining is None:
            return
        now = self._clock()
        with self._lock:
            account = self._account(installation_id, now)
            account.remaining = remaining
            account.quota = _number(headers.get("x-ratelimit-limit")) or account.quota
            if remaining == 0 and (reset := _reset(headers)) is not None:
                account.pause(min(reset, now + _LONGEST_PAUSE))

    def record_limit(self, installation_id: int | None, headers: Mapping[str, str]) -> timedelta:
        """Stop after GitHub said that a limit was reached; give how long to stay away."""
        now = self._clock()
        pause = _pause(headers, now)
        with self._lock:
            self._account(installation_id, now).pause(now + pause)
        return pause

    def quota_left(self) -> Mapping[int | None, int]:
        """Return what is left of each installation's hourly quota, where GitHub has shown it."""
        with self._lock:
            return {
                installation_id: account.remaining
                for installation_id, account in self._accounts.items()
                if account.remaining is not None
            }

    def quota_of(self, installation_id: int) -> int | None:
        """Return an installation's hourly quota, where GitHub has shown it."""
        with self._lock:
            account = self._accounts.get(installation_id)
            return None if account is None else account.quota

    def _account(self, installation_id: int | None, now: datetime) -> _Account:
        account = self._accounts.get(installation_id)
        if account is None:
            account = self._accounts[installation_id] = _Account(_POINTS_PER_MINUTE, now)
        return account


def _refill(account: _Account, now: datetime) -> None:
    elapsed = (now - account.refilled_at).total_seconds()
    gained = max(0.0, elapsed) * _POINTS_PER_MINUTE / 60
    account.points = min(_POINTS_PER_MINUTE, account.points + gained)
    account.refilled_at = now


def _pause(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Read how long GitHub wants to be left alone; a minute where it does not say."""
    seconds = _number(headers.get("retry-after"))
    if seconds is not None:
        return _bounded(timedelta(seconds=min(seconds, _LONGEST_PAUSE.total_seconds())))
    if _number(headers.get("x-ratelimit-remaining")) == 0:
        reset = _reset(headers)
        if reset is not None:
            return _bounded(reset - now)
    return _UNTOLD_PAUSE


def _bounded(pause: timedelta) -> timedelta:
    return min(max(pause, _SHORT_PAUSE), _LONGEST_PAUSE)


def _reset(headers: Mapping[str, str]) -> datetime | None:
    seconds = _number(headers.get("x-ratelimit-reset"))
    return None if seconds is None else datetime.fromtimestamp(min(seconds, 2**33), UTC)


def _number(text: str | None) -> int | None:
    """Read a count from a header; None for anything that is not a plain number."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    return int(text)
