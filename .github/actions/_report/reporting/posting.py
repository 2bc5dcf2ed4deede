"""Send a body to the gate, and retry while that may help."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from reporting.exchange import Answer, Call, exchange
from reporting.markdown import is_web_address
from reporting.oidc import fetch_token
from reporting.problem import Refused, Unreachable
from reporting.wording import cut, one_line

_TAKEN = 202
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = range(300, 400)
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_LEAST_FOR_A_TRY = 0.2
_TEXT_LIMIT = 300
_SHOWN_PROBLEMS = 10


@dataclass(frozen=True)
class Gate:
    """The gate's URL without a trailing slash, and the audience of its tokens."""

    url: str
    audience: str
    seconds: float
    """Time limit for all attempts together."""


def send(gate: Gate, path: str, body: bytes) -> str:
    """Post the body to the gate; return the URL of its record, or "" when it names none.

    Raises Unreachable when time is up and Refused when the gate refuses. Each attempt has a new
    token, because the gate accepts each token once.
    """
    deadline = time.monotonic() + gate.seconds
    pause = _FIRST_PAUSE
    was_lost = False
    while True:
        wait = random.uniform(pause / 2, pause)  # noqa: S311 - spreads load, guards nothing
        try:
            answer = _post(gate, path, body, deadline)
        except _Lost as error:
            was_lost = True
            failure: Unreachable = error
        except Unreachable as error:
            failure = error
        else:
            if answer.status == _TAKEN:
                return _record_url(answer, gate)
            if answer.status not in _WORTH_ANOTHER_TRY:
                raise Refused(_explain(answer, was_lost=was_lost))
            failure = Unreachable(_explain(answer))
            wait = max(wait, _retry_after(answer))
        if time.monotonic() + wait + _LEAST_FOR_A_TRY > deadline:
            raise failure
        time.sleep(wait)
        pause = min(pause * 2, _LONGEST_PAUSE)


class _Lost(Unreachable):
    """The body may have arrived, but no answer came back."""


def _post(gate: Gate, path: str, body: bytes, deadline: float) -> Answer:
    token = fetch_token(gate.audience, deadline - time.monotonic())
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json, application/problem+json",
    }
    left = max(deadline - time.monotonic(), _LEAST_FOR_A_TRY)
    try:
        return exchange(Call("POST", f"{gate.url}{path}", headers, body), left)
    except Unreachable as error:
        raise _Lost(str(error)) from None


def _explain(answer: Answer, *, was_lost: bool = False) -> str:
    """Return the gate's answer, from its problem document when it sent one."""
    if answer.status in _REDIRECTS:
        return (
            f"the gate answered {answer.status}, a redirect, which is not followed; check gate-url"
        )
    words = "; ".join(_problems(answer.body))
    conflict = "; an earlier attempt, whose answer was lost, may have arrived" if was_lost else ""
    return f"the gate answered {answer.status}{': ' if words else ''}{words}{conflict}"


def _problems(body: bytes) -> list[str]:
    """Return the texts of a problem document: title, detail, reason, and each problem."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(document, dict):
        return []
    words = [document.get(key) for key in ("title", "detail", "reason")]
    problems = document.get("problems")
    listed = problems[:_SHOWN_PROBLEMS] if isinstance(problems, list) else []
    words += [it if isinstance(it, str) else json.dumps(it, ensure_ascii=False) for it in listed]
    shown = [cut(one_line(it), _TEXT_LIMIT) for it in words if isinstance(it, str)]
    return [it for it in dict.fromkeys(shown) if it]


def _retry_after(answer: Answer) -> float:
    """Parse how many seconds the gate asks to wait; a date counts as zero."""
    text = answer.headers.get("retry-after", "").strip()
    return float(text[:6]) if text.isascii() and text.isdecimal() else 0.0


def _record_url(answer: Answer, gate: Gate) -> str:
    """Return the URL of the record, if the answer names one on the gate itself."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    named = document.get("url") if isinstance(document, dict) else None
    url = named if isinstance(named, str) else answer.headers.get("location", "")
    url = f"{gate.url}{url}" if url.startswith("/") and not url.startswith("//") else url
    if not is_web_address(url) or _origin(url) != _origin(gate.url):
        return ""
    return url


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", url)
    return (parts.scheme, parts.netloc.lower())
