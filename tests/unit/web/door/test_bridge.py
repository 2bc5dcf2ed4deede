from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Response, has_request_context, request, stream_with_context
from werkzeug.datastructures import EnvironHeaders

from gate.web.door.bridge import Answer, Scope, build_environ, close_parts, read_on, run_wsgi

StartResponse = Callable[..., Callable[[bytes], None]]


def make_scope(**changes: Any) -> Scope:
    """Make what granian says of a request."""
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "raw_path": b"/webhooks/github",
        "query_string": b"a=1",
        "headers": [(b"host", b"gate.example.com")],
        "server": ("127.0.0.1", "8080"),
        "client": ("192.0.2.1", "55555"),
    }
    return scope | changes


def environ(*headers: tuple[bytes, bytes], body: bytes = b"", **changes: Any) -> dict[str, Any]:
    """Describe a request with these headers."""
    return build_environ(make_scope(headers=list(headers), **changes), body, 1.5)


def test_a_request_is_described_as_wsgi_does() -> None:
    """The names and types are those of PEP 3333."""
    described = build_environ(make_scope(), b"body", 1.5)

    assert isinstance(described["wsgi.input"], BytesIO)
    assert described["wsgi.input"].read() == b"body"
    assert {
        name: described[name]
        for name in (
            "REQUEST_METHOD",
            "SCRIPT_NAME",
            "PATH_INFO",
            "QUERY_STRING",
            "SERVER_PROTOCOL",
            "SERVER_NAME",
            "SERVER_PORT",
            "REMOTE_ADDR",
            "CONTENT_LENGTH",
            "HTTP_HOST",
            "wsgi.url_scheme",
            "gate.received",
        )
    } == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/webhooks/github",
        "QUERY_STRING": "a=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "REMOTE_ADDR": "192.0.2.1",
        "CONTENT_LENGTH": "4",
        "HTTP_HOST": "gate.example.com",
        "wsgi.url_scheme": "http",
        "gate.received": 1.5,
    }


def test_a_path_is_bytes_in_disguise() -> None:
    """Escapes are resolved to bytes, which WSGI spells as latin-1, valid UTF-8 or not."""
    described = environ(raw_path=b"/a%2Fb/%C3%A9\xe9%FF%zz")

    assert described["PATH_INFO"] == "/a/b/\xc3\xa9\xe9\xff%zz"


def test_a_repeated_header_is_joined() -> None:
    """Nobody can hide a second value: a check of the first sees both."""
    described = environ(
        (b"x-github-delivery", b"d-1"), (b"x-github-delivery", b"d-2"), (b"x-odd", b"\xff")
    )

    assert described["HTTP_X_GITHUB_DELIVERY"] == "d-1,d-2"
    assert described["HTTP_X_ODD"] == "\xff"


def test_a_header_with_underscores_cannot_pass_for_one_with_dashes() -> None:
    """A proxy that strips X-Forwarded-For knows nothing of X_Forwarded_For."""
    described = environ((b"x_forwarded_for", b"127.0.0.1"), (b"content_length", b"9"))

    assert not any(name.startswith("HTTP_") for name in described)
    assert described["CONTENT_LENGTH"] == "0"


def test_the_length_is_the_one_that_was_counted() -> None:
    """A chunked body has been put together by now; what the client announced does not matter."""
    described = environ(
        (b"transfer-encoding", b"chunked"), (b"content-length", b"999"), body=b"four"
    )

    assert described["CONTENT_LENGTH"] == "4"
    assert "HTTP_TRANSFER_ENCODING" not in described
    assert "HTTP_CONTENT_LENGTH" not in described


def test_the_content_type_has_no_prefix() -> None:
    """As CGI had it, so does WSGI; there is none where the client sent none."""
    assert environ((b"content-type", b"application/json"))["CONTENT_TYPE"] == "application/json"
    assert "CONTENT_TYPE" not in environ()


def test_unknown_peers_are_nobody() -> None:
    """A unix socket has no address, and nobody's address is not loopback."""
    assert environ(client=None, server=None)["REMOTE_ADDR"] == ""


def answer_of(app: Any, **changes: Any) -> Answer:
    """Run a WSGI application on a request."""
    return run_wsgi(app, build_environ(make_scope(**changes), b"", 0.0))


def test_an_answer_is_collected_in_whole() -> None:
    """Status, headers in lower case as HTTP/2 wants them, and the parts of the body joined."""

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response(
            "202 Accepted", [("X-Name", "größe"), ("Set-Cookie", "a"), ("Set-Cookie", "b")]
        )
        return [b"one ", b"two"]

    answer = answer_of(app)

    assert answer.status == 202
    assert answer.headers == [
        (b"x-name", "größe".encode("latin-1")),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]
    assert answer.body == b"one two"


def test_an_application_may_begin_late_and_write_itself() -> None:
    """PEP 3333 lets a generator start its answer with its first part, and write before it."""

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        write(b"written ")
        yield b"given"

    assert answer_of(app).body == b"written given"


def test_an_error_replaces_the_answer_begun() -> None:
    """As long as nothing was sent, an application may change its mind, but must say why."""

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])(b"half an answer")
        error = ValueError()
        start_response("500 Internal Server Error", [], (ValueError, error, error.__traceback__))
        return [b"sorry"]

    def twice(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        start_response("201 Created", [])
        return []

    assert (answer_of(app).status, answer_of(app).body) == (500, b"sorry")
    with pytest.raises(RuntimeError):
        answer_of(twice)


class _Parts:
    """A body that knows whether it was closed."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        if self.error is not None:
            raise self.error
        yield b"part"

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("error", [None, BrokenPipeError()])
def test_a_body_is_closed_whatever_happens(error: Exception | None) -> None:
    """Files and contexts of the application hang on it."""
    parts = _Parts(error)

    def app(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return parts

    if error is None:
        answer_of(app)
    else:
        with pytest.raises(BrokenPipeError):
            answer_of(app)

    assert parts.closed


def test_parts_share_a_context_and_leave_none_behind() -> None:
    """Whichever thread reads a part finds the request that the answer belongs to, and no other."""
    app = Flask(__name__)

    @app.get("/export")
    def export() -> Response:
        parts = (f"{request.args['name']} " for _ in range(3))
        return Response(stream_with_context(parts), headers={"X-Accel-Buffering": "no"})

    with ExitStack() as stack:
        threads = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(3)]
        answers = [
            thread.submit(
                partial(answer_of, app, method="GET", raw_path=b"/export"),
                query_string=f"name={name}".encode(),
            )
            for thread, name in zip(threads, ("ana", "ben", "cy"), strict=True)
        ]
        names = [[it.result().body.decode().strip()] for it in answers]
        reading = [it.result() for it in answers]
        # One further on each time, so that no answer stays in its thread.
        for turn in (1, 2):
            reading = [
                threads[(number + turn) % 3].submit(read_on, answer).result()
                for number, answer in enumerate(reading)
            ]
            for read, answer in zip(names, reading, strict=True):
                read.append(answer.body.decode().strip())
            assert not any(it.submit(has_request_context).result() for it in threads)
        close_parts(reading[0].rest or ())
        ended = [read_on(it).rest for it in reading[1:]]

    assert names == [["ana"] * 3, ["ben"] * 3, ["cy"] * 3]
    assert ended == [None, None]


def test_flask_answers_heads_and_empty_answers_without_a_body() -> None:
    """HEAD tells the length of what GET would give; 204 and 304 have no body at all."""
    app = Flask(__name__)
    app.add_url_rule("/full", "full", lambda: "four")
    app.add_url_rule("/empty", "empty", lambda: ("", 204))
    app.add_url_rule("/same", "same", lambda: ("not to be sent", 304))

    head = answer_of(app, method="HEAD", raw_path=b"/full")

    assert (head.body, dict(head.headers)[b"content-length"]) == (b"", b"4")
    assert answer_of(app, method="GET", raw_path=b"/empty").body == b""
    assert answer_of(app, method="GET", raw_path=b"/same").body == b""


def test_flask_reads_what_was_described() -> None:
    """Werkzeug's own reading agrees."""
    described = environ((b"x-github-event", b"push"), raw_path=b"/%E2%82%AC")

    assert EnvironHeaders(described)["X-GitHub-Event"] == "push"
    with Flask(__name__).request_context(described) as context:
        assert context.request.path == "/€"
