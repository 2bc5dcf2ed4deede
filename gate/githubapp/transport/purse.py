"""What this process may spend of one installation until its slices end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from gate.domain.limits.account import Ask, Cost, Kind, Leased, Limits, Wait, Why
from gate.domain.limits.bucket import LASTS
from gate.domain.limits.quota import Quota, QuotaSeen, with_seen
from gate.domain.limits.slices import LEAST_CALLS, next_size
from gate.errors import RetryLater

_LEAST_ADVICE: Final = timedelta(milliseconds=50)
_ASK_AGAIN: Final = LASTS
"""How long an answer is believed that nothing is free: other nodes return what they do not need."""
_OUT_OF_REACH: Final = timedelta(seconds=1)
_CONTENT: Final = (Why.CONTENT, Why.CONTENT_HOURLY)
_BOOT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Any moment does: times here are compared with each other only."""


@dataclass(slots=True)
class _Slice:
    number: int
    tokens: int
    spent: int = 0


class MustWait(RetryLater):
    """A call cannot be made now; `why` says what is used up."""

    def __init__(self, why: Why, after: timedelta) -> None:
        """Name the limit."""
        super().__init__("rate_limited", why.value, after=after)
        self.why: Final = why


class Purse:
    """Slices, and what is known of waits. `lock` guards all of it; times are of the uptime.

    `left` and `hourly` are the hourly quota as GitHub showed it last.
    """

    def __init__(self, limits: Limits) -> None:
        """Start with nothing leased."""
        self.lock: Final = Lock()
        self.slices: dict[Kind, _Slice] = {}
        self.running = 0
        self.left: int | None = None
        self.hourly: int | None = None
        self._quota: Quota | None = None
        self._sizes = {kind: next_size(rate, 0, 0) for kind, rate in limits.rates.items()}
        self._ends = 0.0
        self._calls = 0
        self._most = 0
        self._full = 0
        self._points = limits.rates[Kind.POINTS]
        self._told = 0
        self._told_from = 0.0
        self._paused_until = 0.0
        self._wait_until = 0.0
        self._believed_until = 0.0
        self._why = Why.PAUSED

    def check_pause(self, now: float) -> None:
        """Raise MustWait while GitHub wants to be left alone."""
        if now < self._paused_until:
            raise _must_wait(self._paused_until - now, Why.PAUSED)

    def check_wait(self, cost: Cost, now: float) -> None:
        """Raise MustWait while it is no use to ask for what a call takes."""
        if now < self._believed_until and self._concerns(cost):
            raise self._told_to_wait(cost, now)

    def _concerns(self, cost: Cost) -> bool:
        """Return whether a call would have to wait for what another one waits for."""
        if self._why is Why.CALLS:
            return self.running >= self._full
        return self._why not in _CONTENT or Kind(self._why.value) in cost

    def known_wait(self, now: float) -> timedelta:
        """Return how long no call can be made, as far as is known; zero for not at all."""
        until = self._paused_until
        if now < self._believed_until and self._why not in (*_CONTENT, Why.CALLS):
            until = max(until, self._wait_until)
        return timedelta(seconds=max(0.0, until - now))

    def covers(self, cost: Cost, now: float) -> bool:
        """Return whether a call can be paid from the slices."""
        return (
            now < self._ends
            and self.running < self._calls
            and all(self._rest(kind) >= tokens for kind, tokens in cost.items())
        )

    @property
    def has_rest(self) -> bool:
        """Return whether something of the slices was not spent."""
        return any(it.spent < it.tokens for it in self.slices.values())

    def is_over(self, now: float) -> bool:
        """Return whether the slices cannot be spent any more."""
        return now >= self._ends

    def spend(self, cost: Cost) -> None:
        """Pay for a call, and count it as running."""
        for kind, tokens in cost.items():
            self.slices[kind].spent += tokens
        self.running += 1
        self._most = max(self._most, self.running)

    def handed_in(self, node: str, cost: Cost, limits: Limits, now: float) -> Ask:
        """Return what to ask for, and stop spending of the slices that there are."""
        for kind, it in self.slices.items():
            self._sizes[kind] = next_size(limits.rates[kind], it.tokens, it.spent)
        ask = Ask(
            node=node,
            needed=cost,
            wanted=dict(self._sizes),
            running=self.running,
            calls=max(LEAST_CALLS, 2 * max(self._most, self.running)),
            spent={kind: {it.number: it.spent} for kind, it in self.slices.items()},
            quota=self._quota_seen(now),
        )
        self.slices, self._most, self._ends = {}, self.running, 0.0
        return ask

    def take(self, answer: Leased | Wait, cost: Cost, now: float) -> None:
        """Keep what was leased, as of `now`, when it was asked for; raises MustWait for none."""
        if isinstance(answer, Leased):
            self.slices = {k: _Slice(it.number, it.tokens) for k, it in answer.slices.items()}
            self._calls, self._ends = answer.calls, now + LASTS.total_seconds()
            return
        after = answer.after.total_seconds()
        if answer.is_pause:
            self._paused_until = max(self._paused_until, now + after)
        self._wait_until, self._why, self._full = now + after, answer.why, self.running
        self._believed_until = now + min(after, _ASK_AGAIN.total_seconds())
        raise self._told_to_wait(cost, now)

    def _told_to_wait(self, cost: Cost, now: float) -> MustWait:
        """Return when to try again: as many calls at a time as one window has points for.

        Otherwise thousands would come back at once, and all but a few in vain.
        """
        if self._why is not Why.POINTS:
            return _must_wait(self._wait_until - now, self._why)
        if self._told_from <= now:
            self._told_from, self._told = self._wait_until, 0
        windows, rate = self._told // self._points.tokens, self._points
        self._told += cost[Kind.POINTS]
        until = self._told_from + windows * rate.stay_away.total_seconds()
        return _must_wait(until - now, self._why)

    def stay_away(self, now: float) -> MustWait:
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

    def learn(self, seen: QuotaSeen, now: float) -> None:
        """Keep what GitHub showed of the hourly quota."""
        self._quota = with_seen(self._quota, seen, _moment(now))

    def _quota_seen(self, now: float) -> QuotaSeen | None:
        if self._quota is None or self._quota.resets_at <= _moment(now):
            return None
        return QuotaSeen(self._quota.left, self._quota.resets_at - _moment(now))

    def _rest(self, kind: Kind) -> int:
        it = self.slices.get(kind)
        return 0 if it is None else it.tokens - it.spent


def _moment(uptime: float) -> datetime:
    return _BOOT + timedelta(seconds=uptime)


def _must_wait(seconds: float, why: Why) -> MustWait:
    return MustWait(why, max(timedelta(seconds=seconds), _LEAST_ADVICE))
