"""Sign people in and ask about them, with their tokens as a text that callers only keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Semaphore
from typing import Final

from gate.clock import Clock
from gate.domain.model.access import Person
from gate.errors import RetryLater
from gate.githubapp.users.authorization import UserAuthorization
from gate.githubapp.users.client import UserClient
from gate.githubapp.users.revocations import Revocations
from gate.githubapp.users.tokens import UserTokens

TIMEOUT: Final = 5
"""Seconds: a reader waits for the answer, and a thread of the web edge with them."""

MOST_AT_ONCE: Final = 4
"""Questions at once: while GitHub hangs, most threads stay free for webhooks and other pages."""

_TURN_SECONDS: Final = 1.0


class Users:
    """People on GitHub, as far as they signed in; any thread may use it.

    Calls raise Refused when GitHub does not accept a code or token, and RetryLater when it does not
    answer.
    """

    def __init__(self, authorization: UserAuthorization, client: UserClient, clock: Clock) -> None:
        """Take what speaks to GitHub."""
        self._authorization = authorization
        self._client = client
        self._clock = clock
        self._turns = Semaphore(MOST_AT_ONCE)
        self._revocations = Revocations(authorization)

    def close(self) -> None:
        """Hang up on GitHub; tokens that wait to be revoked are not."""
        self._revocations.close()
        self._client.close()

    def address(self, state: str, verifier: str) -> str:
        """Return where a browser goes to sign in."""
        return self._authorization.address(state, verifier)

    def exchange(self, code: str, verifier: str) -> str:
        """Exchange the code of a sign-in for the person's tokens."""
        with self._turn():
            return self._authorization.exchange(code, verifier).dump()

    def renewed(self, tokens: str, before: timedelta) -> str | None:
        """Return new tokens in place of some that expire within `before`; None for others."""
        held = UserTokens.load(tokens)
        if not held.must_renew(self._clock(), before):
            return None
        with self._turn():
            return self._authorization.renew(held).dump()

    def read(self, tokens: str) -> Person:
        """Read whose tokens these are, and what that person may see."""
        token = UserTokens.load(tokens).access
        with self._turn():
            return Person(self._client.read_person(token), self._client.read_visible(token))

    def revoke_later(self, tokens: str) -> None:
        """Revoke tokens soon, in another thread; neither waits nor raises."""
        self._revocations.add(UserTokens.load(tokens))

    def revoke(self, tokens: str) -> None:
        """Revoke tokens now."""
        self._authorization.revoke(UserTokens.load(tokens))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a turn to ask GitHub; raises RetryLater when too many are asking."""
        if not self._turns.acquire(timeout=_TURN_SECONDS):
            raise RetryLater("github_unavailable", "too many questions at once")
        try:
            yield
        finally:
            self._turns.release()
