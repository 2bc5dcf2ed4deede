"""How long calls of an installation must wait, as far as this process knows, and why."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.domain.limits.account import Cost, Kind, Limits, Wait, Why
from gate.domain.limits.bucket import LASTS
from gate.errors import RetryLater

_LEAST_ADVICE: Final = timedelta(milliseconds=50)
_ASK_AGAIN: Final = LASTS
"""How long an answer is believed that nothing is free: other nodes return what they do not need."""
_OUT_OF_REACH: Final = timedelta(seconds=1)
_CONTENT: Final = (Why.CONTENT, Why.CONTENT_HOURLY)


class MustWait(RetryLater):
    """A call cannot be made now; `why` says what is used up."""

    def __init__(self, why: Why, after: timedelta) -> None:
        """Name the limit."""
        super().__init__("rate_limited", why.value, after=after)
        self.why: Final = why


class Waits:
    """The pause that GitHub asked for, and the wait for tokens that nobody could lease.

    Not thread-safe. Instants are of the uptime.
    """

    def __init__(self, limits: Limits) -> None:
        """Start with nothing to wait for."""
        self._points = limits.rates[Kind.POINTS]
        self._paused_until = 0.0
        self._wait_until = 0.0
        self._believed_until = 0.0
        self._why = Why.PAUSED
        self._running = 0
        self._advised = 0
        self._advised_from = 0.0

    def check_pause(self, now: float) -> None:
        """Raise MustWait while GitHub wants to be left alone."""
        if now < self._paused_until:
            raise _must_wait(self._paused_until - now, Why.PAUSED)

    def check_wait(self, cost: Cost, running: int, now: float) -> None:
        """Raise MustWait while it is no use to ask for what a call takes; `running` others run."""
        if now < self._believed_until and self._concerns(cost, running):
            raise self._advice(cost, now)

    def known_wait(self, now: float) -> timedelta:
        """Return how long no call can be made, as far as is known; zero for not at all."""
        until = self._paused_until
        if now < self._believed_until and self._why not in (*_CONTENT, Why.CALLS):
            until = max(until, self._wait_until)
        return timedelta(seconds=max(0.0, until - now))

    def record(self, wait: Wait, cost: Cost, running: int, now: float) -> MustWait:
        """Learn that nothing could be leased, with `running` calls; return what to raise."""
        after = wait.after.total_seconds()
        if wait.is_pause:
            self._paused_until = max(self._paused_until, now + after)
        self._wait_until, self._why, self._running = now + after, wait.why, running
        self._believed_until = now + min(after, _ASK_AGAIN.total_seconds())
        return self._advice(cost, now)

    def record_out_of_reach(self, now: float) -> MustWait:
        """Ask for nothing for a moment: the accounts are out of reach. Return what to raise."""
        self._wait_until = self._believed_until = now + _OUT_OF_REACH.total_seconds()
        self._why = Why.OUT_OF_REACH
        return _must_wait(_OUT_OF_REACH.total_seconds(), self._why)

    def pause(self, length: timedelta, now: float) -> bool:
        """Pause until then, or longer if that was said before; return whether this is news."""
        until = now + length.total_seconds()
        if until <= self._paused_until:
            return False
        is_news = until > self._paused_until + _OUT_OF_REACH.total_seconds()
        self._paused_until = until
        return is_news

    def _concerns(self, cost: Cost, running: int) -> bool:
        """Return whether a call would have to wait for what another one waits for."""
        if self._why is Why.CALLS:
            return running >= self._running
        return self._why not in _CONTENT or Kind(self._why.value) in cost

    def _advice(self, cost: Cost, now: float) -> MustWait:
        """Return when to try again: as many calls at a time as one window has points for.

        Otherwise thousands would come back at once, and all but a few in vain.
        """
        if self._why is not Why.POINTS:
            return _must_wait(self._wait_until - now, self._why)
        if self._advised_from <= now:
            self._advised_from, self._advised = self._wait_until, 0
        windows, rate = self._advised // self._points.tokens, self._points
        self._advised += cost[Kind.POINTS]
        until = self._advised_from + windows * rate.stay_away.total_seconds()
        return _must_wait(until - now, self._why)


def _must_wait(seconds: float, why: Why) -> MustWait:
    return MustWait(why, max(timedelta(seconds=seconds), _LEAST_ADVICE))
