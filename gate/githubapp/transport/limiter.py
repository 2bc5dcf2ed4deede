"""Hold each installation within GitHub's limits, without ever sleeping.

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
from gate.domain.limits.account import Cost, Kind, Limits, Wait, Why
from gate.domain.limits.slices import limits_of
from gate.domain.limits.spending import Spending
from gate.errors import RetryLater
from gate.githubapp.transport.accounts import Accounts, LocalAccounts
from gate.githubapp.transport.pauses import number_of, pause_of, quota_of
from gate.githubapp.transport.quota import ShownQuota
from gate.githubapp.transport.slices import Slices
from gate.githubapp.transport.waits import MustWait, Waits

READ: Final[Cost] = {Kind.POINTS: 1}
WRITE: Final[Cost] = {Kind.POINTS: 5}
CREATE: Final[Cost] = {Kind.POINTS: 5, Kind.CONTENT: 1, Kind.CONTENT_HOURLY: 1}
"""An issue or a comment: GitHub counts those besides."""


class _Budget:
    """What this process knows of one installation's limits; `lock` guards all of it."""

    def __init__(self, limits: Limits) -> None:
        self.lock: Final = Lock()
        self.slices: Final = Slices(limits)
        self.waits: Final = Waits(limits)
        self.quota: Final = ShownQuota()


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
        self._budgets: dict[int | None, _Budget] = {}
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
        budget = self._budget(installation_id)
        with budget.lock:
            self._admit(budget, installation_id, cost)
        try:
            yield
        finally:
            with budget.lock:
                budget.slices.end_call()

    def _admit(self, budget: _Budget, installation_id: int | None, cost: Cost) -> None:
        now = self._uptime()
        try:
            budget.waits.check_pause(now)
            if not budget.slices.covers(cost, now):
                budget.waits.check_wait(cost, budget.slices.running, now)
                self._renew(budget, installation_id, cost, now)
        except MustWait as error:
            with self._lock:
                self._waits[error.why] += 1
            raise
        budget.slices.spend(cost)

    def _renew(self, budget: _Budget, installation_id: int | None, cost: Cost, now: float) -> None:
        """Lease new slices in the place of the old ones; raises RetryLater for none."""
        # Before the accounts know: what they are told must not be spent after it.
        ask = budget.slices.hand_in(self._node, cost, budget.quota.seen(now))
        try:
            answer = self._accounts.lease(installation_id, ask)
        except RetryLater:
            raise budget.waits.record_out_of_reach(now) from None
        if isinstance(answer, Wait):
            raise budget.waits.record(answer, cost, budget.slices.running, now)
        budget.slices.take(answer, now)
        with self._lock:
            self._leases += 1
            self._tokens.update(budget.slices.tokens)

    def record_answer(self, installation_id: int | None, headers: Mapping[str, str]) -> None:
        """Learn how much of the hourly quota is left; at zero, stop until it is renewed."""
        remaining = number_of(headers.get("x-ratelimit-remaining"))
        if remaining is None:
            return
        seen = quota_of(headers, self._clock())
        budget = self._budget(installation_id)
        with budget.lock:
            hourly = number_of(headers.get("x-ratelimit-limit"))
            budget.quota.record(remaining, hourly, seen, self._uptime())
        if remaining == 0 and seen is not None:
            self._pause(budget, installation_id, seen.resets_in)

    def record_limit(self, installation_id: int | None, headers: Mapping[str, str]) -> timedelta:
        """Stop after GitHub said that a limit was reached; give how long to stay away."""
        pause = pause_of(headers, self._clock())
        self._pause(self._budget(installation_id), installation_id, pause)
        return pause

    def _pause(self, budget: _Budget, installation_id: int | None, length: timedelta) -> None:
        """Pause here at once, and everywhere if that is news.

        While the accounts are out of reach, other nodes learn it from GitHub themselves.
        """
        with budget.lock:
            is_news = budget.waits.pause(length, self._uptime())
        if is_news:
            with suppress(RetryLater):
                self._accounts.pause(installation_id, length)

    def wait_of(self, installation_id: int | None) -> timedelta:
        """Return how long no call of an installation can be made, as far as is known here."""
        return self._budget(installation_id).waits.known_wait(self._uptime())

    def quota_left(self) -> Mapping[int | None, int]:
        """Return what is left of each installation's hourly quota, where GitHub has shown it."""
        shown = {it: budget.quota.left for it, budget in self._known().items()}
        return {it: left for it, left in shown.items() if left is not None}

    def quota_of(self, installation_id: int) -> int | None:
        """Return an installation's hourly quota, where GitHub has shown it."""
        with self._lock:
            budget = self._budgets.get(installation_id)
            return None if budget is None else budget.quota.hourly

    def spending(self) -> Spending:
        """Return what was leased, and what had to wait."""
        with self._lock:
            return Spending(self._leases, dict(self._tokens), dict(self._waits))

    def close(self) -> None:
        """Return what was not spent; more can be leased.

        Once the accounts are out of reach the rest is kept: it comes back by itself.
        """
        with suppress(RetryLater):
            for installation_id, budget in self._known().items():
                with budget.lock:
                    if budget.slices.has_rest:
                        self._return(budget, installation_id)

    def return_ended(self) -> None:
        """Return what was not spent of slices that are over, so that others need not wait for it.

        A node that makes no more calls would keep it until it comes back by itself. Raises
        RetryLater when the accounts are out of reach.
        """
        for installation_id, budget in self._known().items():
            with budget.lock:
                if budget.slices.has_rest and budget.slices.is_over(self._uptime()):
                    self._return(budget, installation_id)

    def _known(self) -> dict[int | None, _Budget]:
        with self._lock:
            return dict(self._budgets)

    def _return(self, budget: _Budget, installation_id: int | None) -> None:
        """Hand in slices and ask for none."""
        now = self._uptime()
        ask = budget.slices.hand_in(self._node, {}, budget.quota.seen(now))
        self._accounts.lease(installation_id, ask)

    def _budget(self, installation_id: int | None) -> _Budget:
        with self._lock:
            budget = self._budgets.get(installation_id)
            if budget is None:
                budget = self._budgets[installation_id] = _Budget(self._limits)
            return budget
