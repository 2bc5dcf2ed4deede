"""Every failure becomes the error that says what to do next."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace

import pytest
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectTimeout,
    InvalidHeader,
    InvalidURL,
    ProxyError,
    ReadTimeout,
    SSLError,
)
from requests.exceptions import ConnectionError as RequestsConnectionError
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import (
    DecodeError,
    IncompleteRead,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.githubapp.transport.connection import Answer
from gate.githubapp.transport.errors import (
    error_of_answer,
    error_of_transport,
    is_rate_limit,
    message_of,
    nonsense,
    redacted,
)

POOL = HTTPConnectionPool("127.0.0.1")
REFUSED = NewConnectionError(POOL, "Connection refused")  # type: ignore[arg-type]  # any object with a host
UNTRUSTED = ssl.SSLCertVerificationError("certificate verify failed")


def answer(status: int, message: str = "", *errors: object, **headers: str) -> Answer:
    """Make an answer of GitHub's."""
    body = {"message": message, "errors": list(errors)} if errors else {"message": message}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body).encode())


SHUT_OUT = (
    "Although you appear to have the correct authorization credentials, the `octo-org` "
    "organization has an IP allow list enabled, and your IP address is not permitted to access "
    "this resource."
)


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeout(MaxRetryError(POOL, "/", REFUSED)),
        RequestsConnectionError(MaxRetryError(POOL, "/", REFUSED)),
        ProxyError(MaxRetryError(POOL, "/", REFUSED)),
        SSLError(MaxRetryError(POOL, "/", UNTRUSTED)),
        InvalidURL("no host"),
        InvalidHeader("reserved character"),
    ],
)
def test_what_was_never_sent_is_tried_again(error: Exception) -> None:
    """Without a connection nothing can have been applied, not even a write."""
    for is_write in (False, True):
        mapped = error_of_transport(error, is_write=is_write)
        assert isinstance(mapped, RetryLater)
        assert mapped.reason == "github_unavailable"


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeout("timed out"),
        RequestsConnectionError(ProtocolError("Connection aborted.", ConnectionResetError(104))),
        RequestsConnectionError(ReadTimeoutError(POOL, "/", "timed out")),
        SSLError(MaxRetryError(POOL, "/", ssl.SSLEOFError("EOF in violation of protocol"))),
        ChunkedEncodingError(IncompleteRead(1, 2)),
        ProtocolError("Connection broken", IncompleteRead(1, 2)),
        DecodeError("bad gzip"),
        ConnectionResetError(104, "reset"),
        TimeoutError("timed out"),
        ValueError("nonsense in a header"),
    ],
)
def test_what_may_have_arrived_is_looked_up(error: Exception) -> None:
    """After a write was sent, only another look tells whether it was applied."""
    written = error_of_transport(error, is_write=True)
    read = error_of_transport(error, is_write=False)
    assert isinstance(written, OutcomeUnknown)
    assert isinstance(read, RetryLater)
    assert read.reason == "github_unavailable"


@pytest.mark.parametrize(
    ("status", "message", "kind", "reason"),
    [
        (401, "Bad credentials", Refused, "permission_missing"),
        (403, "Resource not accessible by integration", Refused, "permission_missing"),
        (403, SHUT_OUT, Refused, "ip_not_allowed"),
        (403, "Repository was archived so is read-only.", Refused, "repository_archived"),
        (403, "This installation has been suspended", Refused, "installation_suspended"),
        (401, "A JSON web token could not be decoded", Refused, "key_rejected"),
        (401, "Integration not found", Refused, "key_rejected"),
        (401, "'Expiration time' claim ('exp') is too far in the future", Refused, "clock_skewed"),
        (401, "'Issued at' claim ('iat') must be an Integer", Refused, "clock_skewed"),
        (404, "Not Found", Refused, "not_found"),
        (410, "Gone", Refused, "not_found"),
        (410, "This issue was deleted", Refused, "not_found"),
        (410, "Issues has been disabled in this repository.", Refused, "issues_disabled"),
        (410, "Issues are disabled for this repo", Refused, "issues_disabled"),
        (409, "Conflict", RetryLater, "github_unavailable"),
        (400, "Problems parsing JSON", Refused, "unprocessable"),
        (422, "Validation Failed", Refused, "unprocessable"),
        (
            422,
            "No pending deployment requests to approve or reject",
            Refused,
            "nothing_pending",
        ),
        (422, "NO  PENDING\n deployment Requests", Refused, "nothing_pending"),
        (
            422,
            "Deployment protection rule has already been reviewed",
            Refused,
            "already_reviewed",
        ),
        (
            422,
            "There was a problem approving one of the gates",
            Refused,
            "review_conflict",
        ),
    ],
)
def test_an_answer_below_500_says_no(
    status: int, message: str, kind: type[GateError], reason: str
) -> None:
    """GitHub understood, and nothing was applied: a read and a write fare alike."""
    for is_write in (False, True):
        error = error_of_answer(answer(status, message), is_write=is_write)
        assert type(error) is kind
        assert error.reason == reason


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
def test_a_broken_github_leaves_writes_open(status: int) -> None:
    """An error behind a gateway says nothing about what happened before it."""
    assert isinstance(error_of_answer(answer(status), is_write=True), OutcomeUnknown)
    assert isinstance(error_of_answer(answer(status), is_write=False), RetryLater)


@pytest.mark.parametrize(
    "errors",
    [
        ["Deployment protection rule has already been reviewed"],
        [{"message": "Deployment protection rule has already been reviewed"}],
        [{"code": "custom"}, {"message": "Deployment protection rule has already been reviewed"}],
        [7, None, "Deployment protection rule has already been reviewed"],
    ],
)
def test_the_text_may_stand_among_the_errors(errors: list[object]) -> None:
    """GitHub says it in `message` or in one of `errors`, as text or as object."""
    error = error_of_answer(answer(422, "Validation Failed", *errors), is_write=True)
    assert error.reason == "already_reviewed"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", ""),
        (b"<html>Unicorn!</html>", ""),
        (b"[]", ""),
        (b'{"message":7}', ""),
        (b'{"message":"a","errors":{"b":1}}', "a"),
        (b'{"message":"a","errors":null}', "a"),
        (b'{"message":"a","errors":["b",{"message":"c"},{"message":null},[]]}', "a; b; c"),
        (b'{"message":"\xff"}', ""),
        (b"[" * 100_000, ""),
    ],
)
def test_an_error_may_say_anything(body: bytes, message: str) -> None:
    """What GitHub says about an error is never what fails."""
    assert message_of(body) == message


def test_an_error_tells_what_to_ask_github_about() -> None:
    """Status and request id come first and survive however long the message is."""
    found = answer(422, "x" * 1000, x_github_request_id="51A0:000001")
    detail = error_of_answer(found, is_write=True).detail
    assert detail.startswith("422 [51A0:000001] xxx")
    assert len(detail) == 256


def test_a_missing_permission_is_named() -> None:
    """GitHub tells which permission would have done."""
    found = answer(
        403, "Resource not accessible", x_accepted_github_permissions="deployments=write"
    )
    assert error_of_answer(found, is_write=True).detail.endswith("needs deployments=write")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (answer(429), True),
        (answer(403, "API rate limit exceeded for installation ID 7."), True),
        (answer(403, "You have exceeded a secondary rate limit."), True),
        (answer(403, "You have triggered an abuse detection mechanism."), True),
        (answer(403, "no", retry_after="7"), True),
        (answer(403, "no", x_ratelimit_remaining="0"), True),
        (answer(403, "Resource not accessible", x_ratelimit_remaining="12"), False),
        (answer(403), False),
        (answer(422, "rate limit"), False),
        (answer(503, "", retry_after="7"), False),
    ],
)
def test_a_limit_is_told_from_a_refusal(found: Answer, *, expected: bool) -> None:
    """GitHub answers both with 403."""
    assert is_rate_limit(found) is expected


@pytest.mark.parametrize(
    "token",
    [
        "ghs_" + "a1" * 18,
        "ghs_900001_eyJhbGciOi.JIUzI1NiJ9-x_y.abc-def_",
        "ghp_abc",
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl-_x",
    ],
)
def test_no_token_is_in_a_detail(token: str) -> None:
    """Neither an installation's token, in whichever form, nor a JWT ends up in a log."""
    texts = [
        redacted(f"Authorization: Bearer {token}, and more"),
        error_of_transport(InvalidHeader(f"bad header: {token}"), is_write=True).detail,
        error_of_answer(answer(403, f"bad token {token}"), is_write=False).detail,
        nonsense(token).detail,
    ]
    for text in texts:
        assert token not in text
        assert "***" in text


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 500])
def test_a_web_page_is_no_answer_of_github(status: int) -> None:
    """A 404 of another service is no absence, and GitHub's own pages have its number."""
    page = Answer(status, {}, b"\n<!doctype html><title>Welcome</title>")
    error = error_of_answer(page, is_write=False)
    assert (type(error), error.reason) == (RetryLater, "github_unavailable")
    assert f"{status} [-] a web page, so another service answers" in error.detail
    own = replace(page, headers={"x-github-request-id": "C0DE"})
    assert "another service" not in error_of_answer(own, is_write=False).detail
