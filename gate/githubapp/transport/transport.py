"""Make single calls to GitHub through PyGithub's public requester.

A requester keeps the call it is working on in itself, so each thread has its own; the token is lent
to the thread's requester call by call. PyGithub's own retries and pauses are off: a write must not
be repeated blindly, and `gate.githubapp.transport.limiter` paces the calls.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.client import HTTPException
from threading import Lock, local
from typing import Final, Literal
from weakref import WeakSet

from github import Github
from github.Auth import Auth
from requests.exceptions import RequestException
from requests.utils import parse_header_links
from urllib3.exceptions import HTTPError

from gate import __version__
from gate.clock import Clock
from gate.domain.limits.account import Cost
from gate.errors import GateError, Refused, RetryLater
from gate.githubapp.transport.connection import Answer, BodyTooLong, Connection
from gate.githubapp.transport.decoding import time_of
from gate.githubapp.transport.errors import (
    Unauthorized,
    error_of_answer,
    error_of_transport,
    is_rate_limit,
    nonsense,
    rate_limited,
)
from gate.githubapp.transport.limiter import CREATE, READ, WRITE, Limiter
from gate.githubapp.transport.paths import path_below
from gate.githubapp.transport.routes import route_of
from gate.traces.names import Attribute, SpanName
from gate.traces.port import NO_TRACES, Span, Traces

Verb = Literal["GET", "POST", "PATCH"]

API_VERSION: Final = "2022-11-28"
TIMEOUT: Final = 15
"""Seconds, for connecting and for each read; PyGithub takes whole ones."""

_JSON: Final = "application/vnd.github+json"
LONGEST_BODY: Final = 32 * 1024 * 1024
"""Bytes of an answer, after decompression, unless the caller takes fewer."""

_CONTENT: Final = ("/issues", "/comments")
"""How the paths end to which is posted what GitHub counts as content."""

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, without who asks."""

    verb: Verb
    path: str
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    longest: int = LONGEST_BODY
    is_timely: Callable[[], bool] | None = None

    @property
    def is_write(self) -> bool:
        """Return whether the call may change something."""
        return self.verb != "GET"

    @property
    def cost(self) -> Cost:
        """Return what the call takes of GitHub's limits."""
        if not self.is_write:
            return READ
        creates = self.verb == "POST" and self.path.endswith(_CONTENT)
        return CREATE if creates else WRITE


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
    """Call GitHub from any thread, with whatever token the caller brings."""

    def __init__(
        self,
        api_url: str,
        clock: Clock,
        *,
        timeout: int = TIMEOUT,
        traces: Traces = NO_TRACES,
        limiter: Limiter | None = None,
    ) -> None:
        """Prepare; nothing is called before it is needed. `timeout` is in seconds.

        Without a `limiter` the calls are limited as if nobody else made any.
        """
        # At debug level it writes whole requests, whatever the service's own logging is set to.
        logging.getLogger("github.Requester").setLevel(logging.WARNING)
        self._api_url = api_url.rstrip("/")
        self._timeout = timeout
        self._traces = traces
        self._local = local()
        self._lock = Lock()
        self._threads: WeakSet[_Thread] = WeakSet()
        self.limiter: Final = limiter or Limiter.alone(clock)

    def close(self) -> None:
        """Hang up on GitHub, on behalf of every thread; a later call connects again.

        What was leased and not spent goes back.
        """
        self.limiter.close()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.connection.close()

    def call(self, call: Call, token: str, installation_id: int | None) -> Answer:
        """Make one call, wherever it is redirected to, and map what is no success to an error.

        Raises Unauthorized when GitHub does not accept the token. `installation_id` is whose quota
        the call counts against; None is the App's own.

        A renamed repository redirects, writes as well: they were not applied where they went first
        (docs: Best practices for using the REST API).
        """
        with self._traces.span(SpanName.GITHUB) as span:
            if self._traces.is_on:
                route = route_of(call.path)
                span.set({Attribute.METHOD: call.verb, Attribute.ROUTE: route})
            return self._follow(call, token, installation_id, span)

    def _follow(self, call: Call, token: str, installation_id: int | None, span: Span) -> Answer:
        """Make a call, and again wherever it is redirected to."""
        for redirects in range(_MOST_REDIRECTS + 1):
            answer = self._exchange(call, token, installation_id)
            span.set({Attribute.STATUS: answer.status, Attribute.RESENDS: redirects})
            if answer.status not in _REDIRECTS:
                break
            call = replace(call, path=self._redirected(call.path, answer))
        else:
            raise nonsense("redirected too often")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(answer, installation_id, is_write=call.is_write)
        _check_success(answer, call)
        return answer

    def next_page(self, answer: Answer) -> str | None:
        """Return the path of the page after this one, as GitHub links it; None on the last page."""
        links = parse_header_links(answer.headers.get("link", ""))
        following = [it["url"] for it in links if it.get("rel") == "next"]
        return self._below_root(following[0]) if following else None

    def _refusal(self, answer: Answer, installation_id: int | None, *, is_write: bool) -> GateError:
        if is_rate_limit(answer):
            return rate_limited(self.limiter.record_limit(installation_id, answer.headers))
        error = error_of_answer(answer, is_write=is_write)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return Unauthorized(error.reason, error.detail, time_of(answer.headers))
        return error

    def _redirected(self, path: str, answer: Answer) -> str:
        """Return the path that a redirect names, with the query, should it have been left out."""
        following = self._below_root(answer.headers.get("location", ""))
        query = path.partition("?")[2]
        return following if "?" in following or not query else f"{following}?{query}"

    def _below_root(self, url: str) -> str:
        """Check that a URL GitHub names is its own: tokens go nowhere else."""
        path = path_below(self._api_url, url)
        if path is None:
            raise nonsense("it names an address elsewhere")
        return path

    def _exchange(self, call: Call, token: str, installation_id: int | None) -> Answer:
        with self.limiter.admitted(installation_id, call.cost):
            if call.is_timely is not None and not call.is_timely():
                raise RetryLater("too_late", f"{call.verb} {call.path} was not begun in time")
            answer = self._send(call, token)
        self.limiter.record_answer(installation_id, answer.headers)
        return answer

    def _send(self, call: Call, token: str) -> Answer:
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


def _check_success(answer: Answer, call: Call) -> None:
    """Refuse what is neither success nor "unchanged" to a caller that asked for it.

    A 202 to a question says that GitHub has no answer yet.
    """
    if answer.status == HTTPStatus.NOT_MODIFIED and "If-None-Match" in call.headers:
        return
    is_success = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    if not is_success or (answer.status == HTTPStatus.ACCEPTED and not call.is_write):
        raise nonsense(f"status {answer.status}", is_write=call.is_write)
