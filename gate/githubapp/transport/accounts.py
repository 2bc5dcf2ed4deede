"""Where the limiter leases what it spends: the port, and the accounts of a single process."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import Protocol

from gate.clock import Clock
from gate.domain.limits.account import Account, Ask, Leased, Limits, Wait, lease


class Accounts(Protocol):
    """Lease tokens of installations to this process (None: those of the App itself); thread-safe.

    Both raise RetryLater when the accounts are out of reach.
    """

    def lease(self, installation_id: int | None, ask: Ask) -> Leased | Wait:
        """Lease what is asked for, or return how long to wait."""
        ...

    def pause(self, installation_id: int | None, length: timedelta) -> None:
        """Let no process call for an installation, from now on for so long."""
        ...


class LocalAccounts:
    """Accounts in the memory of the only process."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        """Start with nothing used."""
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        self._accounts: dict[int | None, Account] = {}

    def lease(self, installation_id: int | None, ask: Ask) -> Leased | Wait:
        """Lease what is asked for, or return how long to wait."""
        with self._lock:
            account = self._accounts.get(installation_id, Account())
            account, answer = lease(account, ask, self._limits, self._clock())
            self._accounts[installation_id] = account
            return answer

    def pause(self, installation_id: int | None, length: timedelta) -> None:
        """Let no thread call for an installation, from now on for so long."""
        with self._lock:
            account = self._accounts.get(installation_id, Account())
            self._accounts[installation_id] = account.paused(self._clock() + length)
