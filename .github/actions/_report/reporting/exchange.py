"""Make one HTTP request that carries a token.

Redirects are not followed, since the token would be sent along. Only https is allowed, except to
loopback. The answer is cut, and the whole exchange, including the DNS lookup, has a time limit.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib import request
from urllib.error import URLError
from urllib.parse import urlsplit

from reporting.problem import InputProblem, Unreachable
from reporting.wording import cut, one_line

ANSWER_LIMIT = 64 * 1024
_REASON_LIMIT = 200
_AGENT = "deployment-gate-action/1"


@dataclass(frozen=True)
class Call:
    """A request. Its headers may contain a token, so `repr` leaves them out."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """The response, whatever its status. The body is cut at `ANSWER_LIMIT` bytes."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


def check_address(url: str, what: str) -> None:
    """Refuse a URL that a token must not be sent to. `what` names it in the InputProblem."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise InputProblem(f"{what} is not a URL") from None
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InputProblem(f"{what} contains characters that are not allowed in a URL")
    if parts.scheme not in {"http", "https"} or not host:
        raise InputProblem(f"{what} must begin with https:// and name a host")
    if parts.scheme == "http" and not _is_loopback(host):
        raise InputProblem(f"{what} must begin with https://, because a token is sent there")
    if parts.username is not None or parts.password is not None:
        raise InputProblem(f"{what} must not contain a user name or password")


def exchange(call: Call, seconds: float) -> Answer:
    """Make the call, and return its answer within `seconds`. Raises Unreachable without one."""
    done: list[Answer | Unreachable] = []
    # urllib has no time limit of its own for DNS lookups and for slow answers.
    thread = threading.Thread(target=lambda: done.append(_attempt(call, seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    outcome = done[0] if done else Unreachable(f"no answer within {seconds:.0f} s")
    if isinstance(outcome, Unreachable):
        raise outcome
    return outcome


def _attempt(call: Call, seconds: float) -> Answer | Unreachable:
    made = request.Request(  # noqa: S310 - check_address has seen the scheme
        call.url, data=call.body, headers={"User-Agent": _AGENT, **call.headers}, method=call.method
    )
    try:
        with _opener(call.url).open(made, timeout=seconds) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, headers, response.read(ANSWER_LIMIT))
    except URLError as error:
        return Unreachable(_reason(error.reason))
    except (OSError, HTTPException, ValueError) as error:
        return Unreachable(_reason(error))


def _opener(url: str) -> request.OpenerDirector:
    """Build an opener without handlers for redirects or errors: it returns each answer as it is."""
    # A proxy would look for loopback on its own machine.
    is_near = _is_loopback(urlsplit(url).hostname or "")
    opener = request.OpenerDirector()
    opener.add_handler(request.ProxyHandler({} if is_near else None))
    opener.add_handler(request.HTTPHandler())
    opener.add_handler(request.HTTPSHandler())
    return opener


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _reason(error: object) -> str:
    return cut(one_line(str(error)), _REASON_LIMIT) or type(error).__name__
