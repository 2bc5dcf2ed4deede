"""Call GitHub as the App or as one of its installations, with the tokens that this takes.

Tokens are shared between threads, and renewed or minted where a call needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from gate.clock import Clock
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.tokens import Scope, Token, TokenCache
from gate.githubapp.shapes.fields import Aware, Name, in_utc
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.decoding import decoded
from gate.githubapp.transport.errors import Unauthorized
from gate.githubapp.transport.limiter import Limiter
from gate.githubapp.transport.transport import LONGEST_BODY, TIMEOUT, Call, Transport, Verb
from gate.traces.port import NO_TRACES, Traces

T = TypeVar("T")

_MOST_PAGES: Final = 100
_SKEWED: Final = "clock_skewed"
_JWT_REASONS: Final = frozenset({_SKEWED, "key_rejected"})
_UNSEEN_TEXTS: Final = ("does not exist", "not accessible")


class TokenShape(msgspec.Struct):
    """An installation access token."""

    token: Name
    expires_at: Aware

    def __post_init__(self) -> None:
        """Bring the time to UTC."""
        self.expires_at = in_utc(self.expires_at)


_token: Final = msgspec.json.Decoder(TokenShape)


class Session:
    """Authenticated calls from any thread."""

    def __init__(
        self,
        api_url: str,
        credentials: AppCredentials,
        clock: Clock,
        *,
        timeout: int = TIMEOUT,
        traces: Traces = NO_TRACES,
        limiter: Limiter | None = None,
    ) -> None:
        """Prepare; nothing is called before it is needed. `timeout` is in seconds.

        Without a `limiter` the calls are limited as if no other process made any.
        """
        self.app_id: Final = int(credentials.app_id) if credentials.app_id.isdecimal() else None
        self._transport = Transport(api_url, clock, timeout=timeout, traces=traces, limiter=limiter)
        self._credentials = credentials
        self._tokens = TokenCache(self._mint, credentials.now)

    @property
    def limiter(self) -> Limiter:
        """Return what paces the calls and knows the quotas."""
        return self._transport.limiter

    def close(self) -> None:
        """Hang up on GitHub; a later call connects again."""
        self._transport.close()

    def call_as_app(self, verb: Verb, path: str) -> Answer:
        """Call with the App's JWT."""
        try:
            return self._call_with_jwt(Call(verb, path))
        except Unauthorized as error:
            raise Refused(error.reason, error.detail) from error

    def pages_as_app(self, path: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Iterate a listing page by page, with the App's JWT."""
        return self._pages(lambda at: self.call_as_app("GET", at), path, decoder)

    def call(
        self,
        scope: Scope,
        verb: Verb,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        longest: int = LONGEST_BODY,
        is_timely: Callable[[], bool] | None = None,
    ) -> Answer:
        """Call with an installation token of the given scope.

        `is_timely` is asked right before the request is written, when token and limiter have kept
        it waiting for as long as they do.

        When GitHub does not accept the token, nothing was done: the call is made once more with a
        new one. A new token that is not accepted either is not known everywhere yet.
        """
        call = Call(verb, path, body, headers or {}, longest, is_timely)
        try:
            return self._call_once(call, scope)
        except Unauthorized:
            pass
        try:
            return self._call_once(call, scope)
        except Unauthorized as error:
            raise RetryLater("github_unavailable", error.detail) from error

    def find(
        self,
        scope: Scope,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        longest: int = LONGEST_BODY,
    ) -> Answer | None:
        """Read with an installation token; None when GitHub finds nothing there."""
        try:
            return self.call(scope, "GET", path, headers=headers, longest=longest)
        except Refused as error:
            if error.reason == "not_found":
                return None
            raise

    def pages(self, scope: Scope, path: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
        """Iterate a listing page by page, with an installation token of the given scope."""
        return self._pages(lambda at: self.call(scope, "GET", at), path, decoder)

    def _pages(
        self, ask: Callable[[str], Answer], path: str, decoder: msgspec.json.Decoder[T]
    ) -> Iterator[T]:
        """Iterate a listing as GitHub links it, up to a hundred pages."""
        for _ in range(_MOST_PAGES):
            answer = ask(path)
            yield decoded(answer, decoder)
            following = self._transport.next_page(answer)
            if following is None:
                return
            path = following

    def _call_once(self, call: Call, scope: Scope) -> Answer:
        token = self._tokens.token(scope)
        try:
            return self._transport.call(call, token, scope.installation_id)
        except Unauthorized:
            self._tokens.forget(scope, token)
            raise

    def _mint(self, scope: Scope) -> Token:
        """Request a token; one that was minted and lost does no harm."""
        path = f"/app/installations/{scope.installation_id}/access_tokens"
        call = Call("POST", path, scope.request_body())
        try:
            answer = self._call_with_jwt(call)
        except OutcomeUnknown as error:
            raise RetryLater("github_unavailable", error.detail) from error
        except Unauthorized as error:
            is_known = error.reason in _JWT_REASONS
            reason = error.reason if is_known else "github_unavailable"
            raise RetryLater(reason, error.detail) from error
        except Refused as error:
            raise refused_token(error) from error
        shape = decoded(answer, _token)
        return Token(shape.token, shape.expires_at)

    def _call_with_jwt(self, call: Call) -> Answer:
        """Call as the App; a JWT refused for its times is signed once more, by GitHub's clock."""
        try:
            return self._transport.call(call, self._credentials.token(), None)
        except Unauthorized as error:
            if error.reason != _SKEWED or error.answered_at is None:
                raise
            behind = self._credentials.correct(error.answered_at)
        try:
            return self._transport.call(call, self._credentials.token(), None)
        except Unauthorized as error:
            skew = f"this machine's clock is {off_by(behind)} GitHub's: {error.detail}"
            raise Unauthorized(error.reason, skew) from error


def refused_token(error: Refused) -> Refused:
    """Return why GitHub gives us no token: the App sees no such repository, or may not do as much.

    Never "unprocessable", which says that one call makes no sense: the next one, or the same after
    the installation was changed, may well be fine.
    """
    if error.reason != "unprocessable":
        return error
    unseen = any(text in error.detail for text in _UNSEEN_TEXTS)
    return Refused("not_found" if unseen else "permission_missing", error.detail)


def off_by(behind: timedelta) -> str:
    """Return how far this machine's clock is off, in whole seconds."""
    seconds = round(behind.total_seconds())
    return f"{abs(seconds)} s {'behind' if seconds > 0 else 'ahead of'}"
