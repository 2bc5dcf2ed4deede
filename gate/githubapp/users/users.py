"""Sign people in and ask about them, with their tokens as a text that callers only keep."""

from __future__ import annotations

from datetime import timedelta

from gate.clock import Clock
from gate.domain.model.access import Person
from gate.githubapp.users.authorization import UserAuthorization
from gate.githubapp.users.client import UserClient
from gate.githubapp.users.tokens import UserTokens


class Users:
    """People on GitHub, as far as they signed in; any thread may use it.

    Calls raise Refused when GitHub does not accept a code or token, and RetryLater when it does not
    answer.
    """

    def __init__(self, authorization: UserAuthorization, client: UserClient, clock: Clock) -> None:
        """Keep what speaks to GitHub."""
        self._authorization = authorization
        self._client = client
        self._clock = clock

    def close(self) -> None:
        """Hang up on GitHub."""
        self._client.close()

    def address(self, state: str, verifier: str) -> str:
        """Return where a browser goes to sign in."""
        return self._authorization.address(state, verifier)

    def exchange(self, code: str, verifier: str) -> str:
        """Exchange the code of a sign-in for the person's tokens."""
        return self._authorization.exchange(code, verifier).dump()

    def renewed(self, tokens: str, before: timedelta) -> str | None:
        """Return new tokens in place of some that expire within `before`; None for others."""
        held = UserTokens.load(tokens)
        if not held.must_renew(self._clock(), before):
            return None
        return self._authorization.renew(held).dump()

    def read(self, tokens: str) -> Person:
        """Read whose tokens these are, and what that person may see."""
        token = UserTokens.load(tokens).access
        account = self._client.read_person(token)
        return Person(account, self._client.read_visible(token, account.id))
