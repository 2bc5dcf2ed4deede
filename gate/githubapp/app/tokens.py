"""Hold installation tokens: in memory only, shared between threads, each minted once at a time.

A token is as narrow as the calls it is for (docs: Generating an installation access token for a
GitHub App). GitHub makes no promise about its form.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from gate.clock import Clock
from gate.errors import RetryLater

_RENEWED_BEFORE: Final = timedelta(minutes=5)
_USED_UNTIL: Final = timedelta(seconds=30)
_MOST_TOKENS: Final = 5_000

Permissions = tuple[tuple[str, str], ...]
"""Names of permissions with `read` or `write` each."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do: one repository by id or by name, or (both None) all of them."""

    installation_id: int
    repository_id: int | None = None
    repository_name: str | None = None
    permissions: Permissions = ()

    def request_body(self) -> Mapping[str, object]:
        """Return the body that asks GitHub for such a token."""
        body: dict[str, object] = {"permissions": dict(self.permissions)}
        if self.repository_id is not None:
            body["repository_ids"] = [self.repository_id]
        if self.repository_name is not None:
            body["repositories"] = [self.repository_name]
        return body


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An installation token; it has no `repr` of its own, so that none is logged by accident."""

    value: str
    expires_at: datetime


Mint = Callable[[Scope], Token]


class TokenCache:
    """Tokens by scope; those used longest ago are dropped first when there are too many."""

    def __init__(self, mint: Mint, clock: Clock, *, most: int = _MOST_TOKENS) -> None:
        """Start empty; `mint` is called without any lock held."""
        self._mint = mint
        self._clock = clock
        self._most = most
        self._lock = Lock()
        self._tokens: OrderedDict[Scope, Token] = OrderedDict()
        self._minting: dict[Scope, Future[str]] = {}

    def token(self, scope: Scope) -> str:
        """Return a token that is valid for some minutes more, minted if need be.

        Whoever asks while another thread mints the same gets what that one gets, errors included:
        sixteen threads that wait for a GitHub that does not answer must not wait in turn.
        """
        with self._lock:
            known = self._tokens.get(scope)
            if known is not None and self._is_valid(known, _RENEWED_BEFORE):
                self._tokens.move_to_end(scope)
                return known.value
            others = self._minting.get(scope)
            waiting = self._minting.setdefault(scope, Future())
        if others is not None:
            return others.result()
        return self._minted(scope, known, waiting)

    def _minted(self, scope: Scope, known: Token | None, waiting: Future[str]) -> str:
        """Mint a token for everybody who waits for it."""
        try:
            value = self._new_or_known(scope, known)
        except BaseException as error:
            self._end_minting(scope)
            waiting.set_exception(error)
            raise
        self._end_minting(scope)
        waiting.set_result(value)
        return value

    def _new_or_known(self, scope: Scope, known: Token | None) -> str:
        """Mint a token; when that must wait, one that has not expired yet is good enough."""
        try:
            token = self._mint(scope)
        except RetryLater:
            if known is not None and self._is_valid(known, _USED_UNTIL):
                return known.value
            raise
        with self._lock:
            self._tokens[scope] = token
            self._tokens.move_to_end(scope)
            while len(self._tokens) > self._most:
                self._tokens.popitem(last=False)
        return token.value

    def _end_minting(self, scope: Scope) -> None:
        with self._lock:
            del self._minting[scope]

    def forget(self, scope: Scope, value: str) -> None:
        """Drop a token that GitHub did not accept, unless it was replaced already."""
        with self._lock:
            known = self._tokens.get(scope)
            if known is not None and known.value == value:
                del self._tokens[scope]

    def _is_valid(self, token: Token, margin: timedelta) -> bool:
        return self._clock() < token.expires_at - margin
