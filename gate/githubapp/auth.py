"""Prove to GitHub that we are the App, and hold installation tokens.

The private key is parsed once and a JWT is signed once in several minutes: reading a PEM and
signing costs as much as many calls. Tokens live in memory only and are shared between threads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gate.clock import Clock
from gate.errors import ConfigError

_BACKDATED: Final = timedelta(seconds=60)
"""GitHub advises this against clocks that run apart (docs: Generating a JSON Web Token)."""
_LIFETIME: Final = timedelta(minutes=8)
_RENEWED_BEFORE: Final = timedelta(minutes=3)
_TOKEN_RENEWED_BEFORE: Final = timedelta(minutes=5)
_MOST_TOKENS: Final = 5_000


class AppCredentials:
    """The App's identity; thread-safe. `repr` shows no secret."""

    def __init__(self, app_id: str, private_key: str, clock: Clock) -> None:
        """Parse the key; raises ConfigError when it is no RSA key."""
        try:
            key = load_pem_private_key(private_key.encode(), password=None)
        except (ValueError, TypeError):
            raise ConfigError(("GATE_GITHUB_PRIVATE_KEY: no readable private key",)) from None
        if not isinstance(key, RSAPrivateKey):
            raise ConfigError(("GATE_GITHUB_PRIVATE_KEY: no RSA key",))
        self.app_id: Final = app_id
        self._key = key
        self._clock = clock
        self._lock = Lock()
        self._jwt = ""
        self._renew_at: datetime | None = None

    def token(self) -> str:
        """Give a JWT that is valid for some minutes; the same one until it must be renewed."""
        now = self._clock()
        with self._lock:
            if self._renew_at is None or now >= self._renew_at:
                claims = {
                    "iat": int((now - _BACKDATED).timestamp()),
                    "exp": int((now + _LIFETIME).timestamp()),
                    "iss": self.app_id,
                }
                self._jwt = jwt.encode(claims, self._key, algorithm="RS256")
                self._renew_at = now + _LIFETIME - _RENEWED_BEFORE
            return self._jwt


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do: one repository by id or by name, or (both None) all of them."""

    installation_id: int
    repository_id: int | None = None
    repository_name: str | None = None
    permissions: tuple[tuple[str, str], ...] = ()

    def request_body(self) -> Mapping[str, object]:
        """Give the body that asks GitHub for such a token."""
        body: dict[str, object] = {"permissions": dict(self.permissions)}
        if self.repository_id is not None:
            body["repository_ids"] = [self.repository_id]
        if self.repository_name is not None:
            body["repositories"] = [self.repository_name]
        return body


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """An installation token; it has no `repr`, so that it cannot be logged by accident."""

    value: str
    expires_at: datetime


Mint = Callable[[Scope], Token]


class TokenCache:
    """Share installation tokens between threads, and mint each only once at a time."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._lock = Lock()
        self._tokens: OrderedDict[Scope, Token] = OrderedDict()
        self._minting: dict[Scope, Lock] = {}

    def token(self, scope: Scope, mint: Mint) -> str:
        """Give a token that is valid for some minutes more, minted if need be."""
        known = self._valid(scope)
        if known is not None:
            return known
        with self._lock:
            minting = self._minting.setdefault(scope, Lock())
        with minting:
            known = self._valid(scope)
            if known is not None:
                return known
            token = mint(scope)
            with self._lock:
                self._tokens[scope] = token
                self._minting.pop(scope, None)
                while len(self._tokens) > _MOST_TOKENS:
                    self._tokens.popitem(last=False)
            return token.value

    def forget(self, scope: Scope) -> None:
        """Drop a token that GitHub did not accept."""
        with self._lock:
            self._tokens.pop(scope, None)

    def _valid(self, scope: Scope) -> str | None:
        with self._lock:
            token = self._tokens.get(scope)
            if token is None or self._clock() >= token.expires_at - _TOKEN_RENEWED_BEFORE:
                return None
            self._tokens.move_to_end(scope)
            return token.value
