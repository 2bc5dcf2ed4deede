"""Bodies come over the wire compressed, in chunks, broken off or without end."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from gate.domain.model.github import FileFound, FileQuestion, RepositoryAddress
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.errors import Refused, RetryLater
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from tests.support.clock import FakeClock
from tests.support.deliveries import encode, make_repository
from tests.support.http_server import serving
from tests.support.keys import make_key_pair

QUESTION = FileQuestion("policy.yml", None, expects_absence=False)
ADDRESS = RepositoryAddress(InstallationId(77), RepositoryId(1), "octo-org/frontend")
TOKEN = b'{"token": "ghs_0123456789", "expires_at": "2026-11-23T17:00:00Z"}'
LONGEST = 256 * 1024

Send = Callable[[BaseHTTPRequestHandler], None]


def whole(status: int, body: bytes, **headers: str) -> Send:
    """Answer with a body of known length."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return send


def chunked(*chunks: bytes, ends: bool = True, **headers: str) -> Send:
    """Answer in chunks; the last of them may never come."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        for chunk in chunks:
            request.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if ends:
            request.wfile.write(b"0\r\n\r\n")
        else:
            request.close_connection = True

    return send


def told_more(request: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"half")
    request.close_connection = True


@contextmanager
def answering(send: Send) -> Iterator[GitHubClients]:
    """Serve one answer to every question, and a token to whoever asks for one.

    The repository itself answers as it should.
    """
    mint = whole(201, TOKEN)
    repository = whole(200, encode(make_repository(id=ADDRESS.repository_id)))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                is_repository = self.path == f"/repos/{ADDRESS.full_name}"
                (repository if is_repository else send)(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            mint(self)

        def log_message(self, *_: object) -> None:
            pass

    credentials = AppCredentials("1", make_key_pair()[0], FakeClock())
    with serving(Handler) as port:
        client = GitHubClients.connect(f"http://127.0.0.1:{port}", credentials, FakeClock())
        try:
            yield client
        finally:
            client.close()


def read(client: GitHubClients) -> bytes:
    """Read a file."""
    found = client.contents.read_file(ADDRESS, QUESTION)
    assert isinstance(found, FileFound)
    return found.content


@pytest.mark.parametrize(
    "send",
    [
        whole(200, b"version: 1\xff"),
        whole(200, gzip.compress(b"version: 1\xff"), Content_Encoding="gzip"),
        chunked(b"version", b": 1\xff"),
        chunked(gzip.compress(b"version: 1\xff"), Content_Encoding="gzip"),
        whole(200, b"version: 1\xff", Content_Encoding="identity"),
        whole(200, b"version: 1\xff", Content_Type="text/plain; charset=no-such-charset"),
    ],
    ids=["whole", "gzip", "chunked", "gzip in chunks", "identity", "unknown charset"],
)
def test_bytes_are_what_was_sent(send: Send) -> None:
    """Whatever way they take, bytes that are no text included; a connection serves again."""
    with answering(send) as client:
        assert [read(client), read(client)] == [b"version: 1\xff"] * 2


@pytest.mark.parametrize(
    "send",
    [
        whole(200, b"x" * (LONGEST + 1)),
        whole(200, b"x" * LONGEST * 2),
        chunked(b"x" * LONGEST, b"x"),
        chunked(b"x" * LONGEST, b"x" * LONGEST, ends=False),
        whole(200, gzip.compress(b"x" * 100_000_000), Content_Encoding="gzip"),
    ],
    ids=["one too many", "too long", "chunked", "without end", "bomb"],
)
def test_no_more_is_read_than_is_wanted(send: Send) -> None:
    """Neither a long file nor a small one that unpacks to a long one fills the memory."""
    with answering(send) as client:
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                client.contents.read_file(ADDRESS, QUESTION)
            assert caught.value.reason == "too_large"


@pytest.mark.parametrize(
    "send",
    [
        told_more,
        chunked(b"half", ends=False),
        whole(200, b"no gzip", Content_Encoding="gzip"),
        whole(200, gzip.compress(bytes(range(256)) * 4)[:-100], Content_Encoding="gzip"),
        whole(200, gzip.compress(b"half") + b"and more", Content_Encoding="gzip"),
        whole(200, zlib.compress(b"x"), Content_Encoding="deflate"),
    ],
    ids=["too short", "no last chunk", "no gzip", "half a gzip", "more than a gzip", "deflate"],
)
def test_half_a_file_is_none(send: Send) -> None:
    """What breaks off is never taken for the whole: half a policy may be a laxer one."""
    with answering(send) as client, pytest.raises(RetryLater) as caught:
        client.contents.read_file(ADDRESS, QUESTION)
    assert caught.value.reason == "github_unavailable"


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 23 Nov 99999 16:00:00 GMT"])
def test_a_clock_that_cannot_be_read_is_none(date: str) -> None:
    """The doctor then says that GitHub did not tell the time."""

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response_only(200)
        request.send_header("Date", date)
        request.send_header("Content-Length", "2")
        request.end_headers()
        request.wfile.write(b"{}")

    with answering(send) as client:
        assert client.app.read_time() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"X_RateLimit_Remaining": "inf", "X_RateLimit_Limit": "nan", "X_RateLimit_Reset": "-inf"},
        {"X_RateLimit_Remaining": "", "X_RateLimit_Reset": "soon"},
        {"X_OAuth_Scopes": "", "ETag": "", "Link": "nonsense; <; rel=next"},
    ],
)
def test_odd_headers_do_no_harm(headers: dict[str, str]) -> None:
    """An answer is an answer, whatever a proxy on the way has made of its headers."""
    with answering(whole(200, b"version: 1", **headers)) as client:
        assert read(client) == b"version: 1"
