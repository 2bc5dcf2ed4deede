"""Keep each installation within GitHub's limits, without ever sleeping.

GitHub counts points a minute and calls at once besides its hourly quota, and asks who ran into a
limit to stay away for a while (docs: Rate limits for the REST API). What this process may spend it
leases in slices, from accounts that all nodes share. A call that must wait is refused here with the
time it has to wait, so that its thread can do something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import Final, Self

from gate.clock import Clock, Uptime
from gate.domain.limits.account import Cost, Kind, Limits, Why
from gate.domain.limits.slices import limits_of
from gate.domain.limits.spending import Spending
from gate.errors import RetryLater
from gate.githubapp.transport.accounts import Accounts, LocalAccounts
from gate.githubapp.transport.pauses import number_of, pause_of, quota_of
from gate.githubapp.transport.purse import MustWait, Purse

READ: Final[Cost] = {Kind.POINTS: 1}
WRITE: Final[Cost] = {Kind.POINTS: 5}
CREATE: Final[Cost] = {Kind.POINTS: 5, Kind.CONTENT: 1, Kind.CONTENT_HOURLY: 1}
"""An issue or a comment: GitHub counts those besides."""


class Limiter:
    """Admit calls per installation (None: those of the App itself); thread-safe."""

    def __init__(
        self, accounts: Accounts, limits: Limits, clock: Clock, uptime: Uptime, node: str
    ) -> None:
        """Start with nothing leased. `node` is a name that no other process has or had."""
        self._accounts = accounts
        self._limits = limits
        self._clock = clock
        self._uptime = uptime
        self._node = node
        self._lock = Lock()
        self._purses: dict[int | None, Purse] = {}
        self._tokens: Counter[Kind] = Counter()
        self._waits: Counter[Why] = Counter()
        self._leases = 0

    @classmethod
    def alone(cls, clock: Clock) -> Self:
        """Build the limiter of a process that counts only its own calls."""
        limits = limits_of()
        shared = LocalAccounts(limits, clock)
        return cls(shared, limits, clock, lambda: clock().timestamp(), "alone")

    @contextmanager
    def admitted(self, installation_id: int | None, cost: Cost) -> Iterator[None]:
        """Count a call while it runs; raises RetryLater("rate_limited") when it must wait.

        It must wait, too, while nothing is leased and the accounts are out of reach.
        """
        purse = self._purse(installation_id)
        with purse.lock:
            self._admit(purse, installation_id, cost)
        try:
            yield
        finally:
            with purse.lock:
                purse.running -= 1

    def _admit(self, purse: Purse, installation_id: int | None, cost: Cost) -> None:
        now = self._uptime()
        try:
            purse.check_pause(now)
            if not purse.covers(cost, now):
                purse.check_wait(cost, now)
                self._renew(purse, installation_id, cost, now)
        except MustWait as error:
            with self._lock:
                self._waits[error.why] += 1
            raise
        purse.spend(cost)

    def _renew(self, purse: Purse, installation_id: int | None, cost: Cost, now: float) -> None:
        """Lease new slices in the place of the old ones; raises RetryLater for none."""
        # Before the accounts know: what they are told must not be spent after it.
        ask = purse.handed_in(self._node, cost, self._limits, now)
        try:
            answer = self._accounts.lease(installation_id, ask)
        except RetryLater:
            raise purse.stay_away(now) from None
        purse.take(answer, cost, now)
        with self._lock:
            self._leases += 1
            for kind, leased in purse.slices.items():
                self._tokens[kind] += leased.tokens

    def record_answer(self, installation_id: int | None, headers: Mapping[str, str]) -> None:
        """Learn how much of the hourly quota is left; at zero, stop until it is renewed."""
        remaining = number_of(headers.get("x-ratelimit-remaining"))
        if remaining is None:
            return
        seen = quota_of(headers, self._clock())
        purse = self._purse(installation_id)
        with purse.lock:
            purse.left = remaining
            purse.hourly = number_of(headers.get("x-ratelimit-limit")) or purse.hourly
            if seen is not None:
                purse.learn(seen, self._uptime())
        if remaining == 0 and seen is not None:
            self._pause(purse, installation_id, seen.resets_in)

    def record_limit(self, installation_id: int | None, headers: Mapping[str, str]) -> timedelta:
        """Stop after GitHub said that a limit was reached; give how long to stay away."""
        pause = pause_of(headers, self._clock())
        self._pause(self._purse(installation_id), installation_id, pause)
        return pause

    def _pause(self, purse: Purse, installation_id: int | None, length: timedelta) -> None:
        """Pause here at once, and everywhere if that is news.

        While the accounts are out of reach, other nodes learn it from GitHub themselves.
        """
        with purse.lock:
            is_news = purse.pause(length, self._uptime())
        if is_news:
            with suppress(RetryLater):
                self._accounts.pause(installation_id, length)

    def wait_of(self, installation_id: int | None) -> timedelta:
        """Return how long no call of an installation can be made, as far as is known here."""
        return self._purse(installation_id).known_wait(self._uptime())

    def quota_left(self) -> Mapping[int | None, int]:
        """Return what is left of each installation's hourly quota, where GitHub has shown it."""
        purses = self._known()
        return {it: purse.left for it, purse in purses.items() if purse.left is not None}

    def quota_of(self, installation_id: int) -> int | None:
        """Return an installation's hourly quota, where GitHub has shown it."""
        with self._lock:
            purse = self._purses.get(installation_id)
            return None if purse is None else purse.hourly

    def spending(self) -> Spending:
        """Return what was leased, and what had to wait."""
        with self._lock:
            return Spending(self._leases, dict(self._tokens), dict(self._waits))

    def close(self) -> None:
        """Return what was not spent; more can be leased.

        Once the accounts are out of reach the rest is kept: it comes back by itself.
        """
        with suppress(RetryLater):
            for installation_id, purse in self._known().items():
                with purse.lock:
                    if purse.has_rest:
                        self._return(purse, installation_id)

    def return_ended(self) -> None:
        """Return what was not spent of slices that are over, so that others need not wait for it.

        A node that makes no more calls would keep it until it comes back by itself. Raises
        RetryLater when the accounts are out of reach.
        """
        for installation_id, purse in self._known().items():
            with purse.lock:
                if purse.has_rest and purse.is_over(self._uptime()):
                    self._return(purse, installation_id)

    def _known(self) -> dict[int | None, Purse]:
        with self._lock:
            return dict(self._purses)

    def _return(self, purse: Purse, installation_id: int | None) -> None:
        """Hand in slices and ask for none."""
        ask = purse.handed_in(self._node, {}, self._limits, self._uptime())
        self._accounts.lease(installation_id, ask)

    def _purse(self, installation_id: int | None) -> Purse:
        with self._lock:
            purse = self._purses.get(installation_id)
            if purse is None:
                purse = self._purses[installation_id] = Purse(self._limits)
            return purse
