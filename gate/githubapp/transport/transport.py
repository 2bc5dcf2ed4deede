"""Make calls to GitHub through PyGithub's public requester.

A requester keeps the call it is working on in itself, so each thread has its own; tokens are shared
instead, and lent to the thread's requester call by call. PyGithub's own retries and pauses are off:
a write must not be repeated blindly, and `gate.githubapp.transport.limiter` paces the calls.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException
from threading import Lock, local
from typing import Final, Literal, TypeVar
from weakref import WeakSet

import msgspec
from github import Github
from github.Auth import Auth
from requests.exceptions import RequestException
from requests.utils import parse_header_links
from urllib3.exceptions import HTTPError

from gate import __version__
from gate.clock import Clock
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.app.tokens import Scope, Token, TokenCache
from gate.githubapp.shapes import TokenShape
from gate.githubapp.transport.connection import Answer, BodyTooLong, Connection
from gate.githubapp.transport.errors import (
    PAGE,
    error_of_answer,
    error_of_transport,
    is_page,
    is_rate_limit,
    nonsense,
    rate_limited,
    refused_token,
)
from gate.githubapp.transport.limiter import READ_POINTS, WRITE_POINTS, Limiter
from gate.githubapp.transport.paths import path_below

T = TypeVar("T")
Verb = Literal["GET", "POST", "PATCH"]

API_VERSION: Final = "2022-11-28"
TIMEOUT: Final = 15
"""Seconds, for connecting and for each read; PyGithub takes whole ones."""

_JSON: Final = "application/vnd.github+json"
_LONGEST_BODY: Final = 32 * 1024 * 1024
_MOST_REDIRECTS: Final = 3
_MOST_PAGES: Final = 100
_REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)

_SKEWED: Final = "clock_skewed"
_JWT_REASONS: Final = frozenset({_SKEWED, "key_rejected"})

_token: Final = msgspec.json.Decoder(TokenShape)


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked, without who asks."""

    verb: Verb
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    longest: int = _LONGEST_BODY
    is_timely: Callable[[], bool] | None = None

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


class _Thread:
    """What one thread makes its calls with."""

    def __init__(self, api_url: str, timeout: int) -> None:
        self.auth = _LentToken()
        self.connection = Connection(api_url, timeout)
        self.requester = Github(
            auth=self.auth,
            base_url=api_url,
            timeout=timeout,
            user_agent=f"deployment-gate/{__version__}",
            retry=None,
            seconds_between_requests=0,
            seconds_between_writes=0,
            lazy=True,
            api_version=API_VERSION,
        ).requester


class Transport:
    """Call GitHub from any thread, as the App or as one of its installations."""

    def __init__(
        self, api_url: str, credentials: AppCredentials, clock: Clock, *, timeout: int = TIMEOUT
    ) -> None:
        """Prepare; nothing is called before it is needed."""
        # At debug level it writes whole requests, whatever the service's own logging is set to.
        logging.getLogger("github.Requester").setLevel(logging.WARNING)
        self._api_url = api_url.rstrip("/")
        self._credentials = credentials
        self._timeout = timeout
        self._tokens = TokenCache(self._mint, credentials.now)
        self._local = local()
        self._lock = Lock()
        self._threads: WeakSet[_Thread] = WeakSet()
        self.limiter: Final = Limiter(clock)

    def call_as_app(
        self, verb: Verb, path: str, body: Mapping[str, object] | None = None
    ) -> Answer:
        """Call with the App's JWT."""
        try:
            return self._call_with_jwt(_Call(verb, path, body))
        except _Unauthorized as error:
            raise Refused(error.reason, error.detail) from error

    def call(
        self,
        scope: Scope,
        verb: Verb,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        longest: int = _LONGEST_BODY,
        is_timely: Callable[[], bool] | None = None,
    ) -> Answer:
        """Call with an installation token of the given scope.

        `is_timely` is asked right before the request is written, when token and limiter have kept
        it waiting for as long as they do.

        When GitHub does not accept the token, nothing was done: the call is made once more with a
        new one. A new token that is not accepted either is not known everywhere yet.
        """
        call = _Call(verb, path, body, headers or {}, longest, is_timely)
        try:
            return self._call_once(call, scope)
        except _Unauthorized:
            pass
        try:
            return self._call_once(call, scope)
        except _Unauthorized as error:
            raise RetryLater("github_unavailable", error.detail) from error

    def pages(self, ask: Callable[[str], Answer], path: str) -> Iterator[Answer]:
        """Iterate a listing page by page, as GitHub links them, up to a hundred pages."""
        for _ in range(_MOST_PAGES):
            answer = ask(path)
            yield answer
            links = parse_header_links(answer.headers.get("link", ""))
            following = [it["url"] for it in links if it.get("rel") == "next"]
            if not following:
                return
            path = self._below_root(following[0])

    def close(self) -> None:
        """Hang up on GitHub, on behalf of every thread; a later call connects again."""
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.connection.close()

    def _call_once(self, call: _Call, scope: Scope) -> Answer:
        token = self._tokens.token(scope)
        try:
            return self._call(call, token, scope.installation_id)
        except _Unauthorized:
            self._tokens.forget(scope, token)
            raise

    def _mint(self, scope: Scope) -> Token:
        """Ask for a token; one that was minted and lost does no harm."""
        path = f"/app/installations/{scope.installation_id}/access_tokens"
        call = _Call("POST", path, scope.request_body())
        try:
            answer = self._call_with_jwt(call)
        except OutcomeUnknown as error:
            raise RetryLater("github_unavailable", error.detail) from error
        except _Unauthorized as error:
            is_known = error.reason in _JWT_REASONS
            reason = error.reason if is_known else "github_unavailable"
            raise RetryLater(reason, error.detail) from error
        except Refused as error:
            raise refused_token(error) from error
        shape = decoded(answer, _token)
        return Token(shape.token, shape.expires_at)

    def _call_with_jwt(self, call: _Call) -> Answer:
        """Call as the App; a JWT refused for its times is signed once more, by GitHub's clock."""
        try:
            return self._call(call, self._credentials.token(), None)
        except _Unauthorized as error:
            if error.reason != _SKEWED or error.told_at is None:
                raise
            behind = self._credentials.correct(error.told_at)
        try:
            return self._call(call, self._credentials.token(), None)
        except _Unauthorized as error:
            skew = f"this machine's clock is {off_by(behind)} GitHub's: {error.detail}"
            raise _Unauthorized(error.reason, skew) from error

    def _call(self, call: _Call, token: str, installation_id: int | None) -> Answer:
        """Make one call, wherever it is redirected to, and map what is no success to an error.

        A renamed repository redirects, writes as well: they were not applied where they went first
        (docs: Best practices for using the REST API).
        """
        for _ in range(_MOST_REDIRECTS + 1):
            answer = self._exchange(call, token, installation_id)
            if answer.status not in _REDIRECTS:
                break
            call = replace(call, path=self._redirected(call.path, answer))
        else:
            raise nonsense("redirected too often")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(answer, installation_id, is_write=call.is_write)
        _check_success(answer, call)
        return answer

    def _refusal(self, answer: Answer, installation_id: int | None, *, is_write: bool) -> GateError:
        if is_rate_limit(answer):
            return rate_limited(self.limiter.record_limit(installation_id, answer.headers))
        error = error_of_answer(answer, is_write=is_write)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return _Unauthorized(error.reason, error.detail, time_of(answer.headers))
        return error

    def _redirected(self, path: str, answer: Answer) -> str:
        """Give the path that a redirect names, with the query, should it have been left out."""
        following = self._below_root(answer.headers.get("location", ""))
        query = path.partition("?")[2]
        return following if "?" in following or not query else f"{following}?{query}"

    def _below_root(self, url: str) -> str:
        """Check that a URL GitHub names is its own: tokens go nowhere else."""
        path = path_below(self._api_url, url)
        if path is None:
            raise nonsense("it names an address elsewhere")
        return path

    def _exchange(self, call: _Call, token: str, installation_id: int | None) -> Answer:
        points = WRITE_POINTS if call.is_write else READ_POINTS
        with self.limiter.admitted(installation_id, points):
            if call.is_timely is not None and not call.is_timely():
                raise RetryLater("too_late", f"{call.verb} {call.path} was not begun in time")
            answer = self._send(call, token)
        self.limiter.record_answer(installation_id, answer.headers)
        return answer

    def _send(self, call: _Call, token: str) -> Answer:
        thread = self._thread()
        thread.auth.value = token
        thread.connection.longest = call.longest
        headers = {"Accept": _JSON, **call.headers}
        try:
            thread.requester.requestJson(
                call.verb, call.path, headers=headers, input=call.body, cnx=thread.connection
            )
        except BodyTooLong:
            if call.is_write:
                raise nonsense("it is too long", is_write=True) from None
            raise Refused("too_large", f"more than {call.longest} bytes: {call.path}") from None
        except (RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
            # Not chained: the original holds the request, and with it the token.
            raise error_of_transport(error, is_write=call.is_write) from None
        finally:
            thread.auth.value = ""
        return thread.connection.take()

    def _thread(self) -> _Thread:
        thread: _Thread | None = getattr(self._local, "thread", None)
        if thread is None:
            thread = self._local.thread = _Thread(self._api_url, self._timeout)
            with self._lock:
                self._threads.add(thread)
        return thread


class _Unauthorized(GateError):
    """GitHub did not accept the token; nothing was done. It was `told_at` by GitHub's clock."""

    def __init__(self, reason: str, detail: str, told_at: datetime | None = None) -> None:
        self.told_at: Final = told_at
        super().__init__(reason, detail)


def off_by(behind: timedelta) -> str:
    """Spell how far our clock is off, in whole seconds."""
    seconds = round(behind.total_seconds())
    return f"{abs(seconds)} s {'behind' if seconds > 0 else 'ahead of'}"


def time_of(headers: Mapping[str, str]) -> datetime | None:
    """Read GitHub's clock from an answer, to the second; None when it does not tell it."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def decoded(answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
    """Read a body; raises RetryLater when it is not what GitHub answers."""
    try:
        return decoder.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise nonsense(PAGE if is_page(answer) else str(error)) from None


def _check_success(answer: Answer, call: _Call) -> None:
    """Refuse what is neither success nor "unchanged" to a caller that asked for it.

    A 202 to a question says that GitHub has no answer yet.
    """
    if answer.status == HTTPStatus.NOT_MODIFIED and "If-None-Match" in call.headers:
        return
    is_success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    if not is_success or (answer.status == HTTPStatus.ACCEPTED and not call.is_write):
        raise nonsense(f"status {answer.status}", is_write=call.is_write)
