"""Make one call to GitHub through PyGithub's public requester.

A requester keeps the call it is working on in itself, so each thread has its own; tokens are shared
instead, and lent to the thread's requester call by call. PyGithub's own retries and pauses are off:
a write must not be repeated blindly, and `gate.githubapp.limiter` paces the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import local
from typing import Final, Literal, TypeVar

import msgspec
from github import Github
from github.Auth import Auth
from github.Requester import Requester
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from gate import __version__
from gate.clock import Clock
from gate.errors import OutcomeUnknown, Refused, RetryLater
from gate.githubapp.auth import AppCredentials, Scope, Token, TokenCache
from gate.githubapp.limiter import READ_POINTS, WRITE_POINTS, Limiter
from gate.githubapp.mapping import (
    error_of_status,
    error_of_transport,
    is_rate_limit,
    nonsense,
    rate_limited,
)
from gate.githubapp.shapes import TokenShape

T = TypeVar("T")

API_VERSION: Final = "2022-11-28"
TIMEOUT: Final = 15
"""Seconds, for connecting and for each read; PyGithub takes whole ones."""
_JSON: Final = "application/vnd.github+json"

Verb = Literal["GET", "POST"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status below 400, its headers in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: str

    def decoded(self, decoder: msgspec.json.Decoder[T]) -> T:
        """Read the body; raises RetryLater when it is not what GitHub answers."""
        try:
            return decoder.decode(self.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise nonsense(str(error)) from None


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, without who asks."""

    verb: Verb
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_write(self) -> bool:
        return self.verb != "GET"


class _LentToken(Auth):
    """Authentication whose token is set before each call, on its own thread only."""

    def __init__(self) -> None:
        self.value = ""

    @property
    def token_type(self) -> str:
        return "Bearer"

    @property
    def token(self) -> str:
        return self.value


class _ThreadState(local):
    """The requester of one thread, made at its first call."""

    def __init__(self) -> None:
        self.auth = _LentToken()
        self.requester: Requester | None = None


class Transport:
    """Call GitHub from any thread, as the App or as one of its installations."""

    def __init__(
        self, api_url: str, credentials: AppCredentials, clock: Clock, *, timeout: int = TIMEOUT
    ) -> None:
        """Prepare; nothing is called before it is needed."""
        self._api_url = api_url
        self._credentials = credentials
        self._timeout = timeout
        self._tokens = TokenCache(clock)
        self._thread = _ThreadState()
        self.limiter: Final = Limiter(clock)

    def call_as_app(
        self, verb: Verb, path: str, body: Mapping[str, object] | None = None
    ) -> Answer:
        """Call with the App's JWT."""
        return self._call(_Call(verb, path, body), self._credentials.token(), None)

    def call(
        self,
        scope: Scope,
        verb: Verb,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call with an installation token of the given scope.

        When GitHub does not accept the token, nothing was done: the call is made once more with a
        new one.
        """
        call = _Call(verb, path, body, headers or {})
        try:
            return self._call(call, self._tokens.token(scope, self._mint), scope.installation_id)
        except _Unauthorized:
            self._tokens.forget(scope)
            return self._call(call, self._tokens.token(scope, self._mint), scope.installation_id)

    def _mint(self, scope: Scope) -> Token:
        path = f"/app/installations/{scope.installation_id}/access_tokens"
        try:
            answer = self.call_as_app("POST", path, scope.request_body())
        except OutcomeUnknown as error:
            # A token that was minted and lost does no harm: mint another.
            raise RetryLater("github_unavailable", error.detail) from error
        shape = answer.decoded(_token)
        return Token(shape.token, shape.expires_at)

    def _call(self, call: _Call, token: str, installation_id: int | None) -> Answer:
        """Make one call and map whatever is not an answer below 400 to an error."""
        points = WRITE_POINTS if call.is_write else READ_POINTS
        with self.limiter.admitted(installation_id, points):
            status, headers, text = self._request(call, token)
        self.limiter.record_answer(installation_id, headers)
        if status < HTTPStatus.BAD_REQUEST:
            return Answer(status, headers, text)
        if is_rate_limit(status, headers, text):
            raise rate_limited(self.limiter.record_limit(installation_id, headers))
        error = error_of_status(status, headers, text, is_write=call.is_write)
        if status == HTTPStatus.UNAUTHORIZED and installation_id is not None:
            raise _Unauthorized(error.reason, error.detail)
        raise error

    def _request(self, call: _Call, token: str) -> tuple[int, Mapping[str, str], str]:
        requester = self._requester(token)
        headers = {"Accept": _JSON, **call.headers}
        try:
            return requester.requestJson(call.verb, call.path, headers=headers, input=call.body)
        except (RequestException, HTTPError, OSError) as error:
            raise error_of_transport(error, is_write=call.is_write) from error
        except (RuntimeError, ValueError) as error:
            # PyGithub's own words for redirects to elsewhere and headers that are no numbers.
            raise nonsense(str(error), is_write=call.is_write) from error

    def _requester(self, token: str) -> Requester:
        """Lend the token to this thread's requester."""
        state = self._thread
        if state.requester is None:
            state.requester = Github(
                auth=state.auth,
                base_url=self._api_url,
                timeout=self._timeout,
                user_agent=f"deployment-gate/{__version__}",
                retry=None,
                seconds_between_requests=0,
                seconds_between_writes=0,
                lazy=True,
                api_version=API_VERSION,
            ).requester
        state.auth.value = token
        return state.requester


class _Unauthorized(Refused):
    """GitHub did not accept the token; nothing was done."""


_token: Final = msgspec.json.Decoder(TokenShape)
