import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from gate.log import configure_logging, get_logger, redact

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEs3cret\n-----END RSA PRIVATE KEY-----"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def logging_as_json() -> Iterator[None]:
    """Set logging up as JSON, with the handlers of pytest back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("json")
    yield
    configure_logging("json")
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Read back what was logged, one JSON object a line."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def _raised(text: str) -> ValueError:
    """Raise and catch an error, so that it has a traceback."""
    with pytest.raises(ValueError, match=re.escape(text)) as caught:
        raise ValueError(text)
    return caught.value


def test_an_event_is_one_json_object(lines: Lines) -> None:
    """Name, level, time in UTC, and the values, those bound to the context among them."""
    with structlog.contextvars.bound_contextvars(delivery_id="d-1"):
        get_logger(__name__).info("delivery.accepted", duration_ms=1.5, run_id=7)

    (line,) = lines()

    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo == UTC
    assert line == {
        "event": "delivery.accepted",
        "level": "info",
        "delivery_id": "d-1",
        "duration_ms": 1.5,
        "run_id": 7,
    }


def test_debug_is_not_written(lines: Lines) -> None:
    """What an operator may count begins at info."""
    get_logger(__name__).debug("delivery.accepted")

    assert lines() == []


def test_other_libraries_write_the_same_way(lines: Lines) -> None:
    """A record of the standard library becomes the same kind of line, with its logger's name."""
    logging.getLogger("granian").warning("port %d is %s", 8080, "ghs_s3cret")

    (line,) = lines()

    assert line["event"] == "port 8080 is ***"
    assert (line["level"], line["logger"]) == ("warning", "granian")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("name", ["github", "urllib3", "werkzeug"])
def test_libraries_that_chat_are_quiet(lines: Lines, name: str) -> None:
    """PyGithub's debug log would hold tokens, and the others one line a request."""
    logging.getLogger(f"{name}.Requester").info("GET https://api.github.com")

    assert lines() == []


def test_an_exception_is_one_field(lines: Lines) -> None:
    """A traceback is data on the same line, without locals and without what looks like a secret."""
    raised = _raised("refused ghs_s3cretToken")
    get_logger(__name__).error("http.failed", exc_info=raised)
    logging.getLogger("other").error("failed", exc_info=raised)

    written = lines()
    assert len(written) == 2
    for line in written:
        (exception,) = line["exception"]
        assert exception["exc_type"] == "ValueError"
        assert exception["exc_value"] == "refused ***"
        assert exception["frames"][-1]["name"] == "_raised"
        assert "s3cret" not in json.dumps(line)


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "Authorization",
        "private_key",
        "privateKey",
        "secret",
        "webhook_secret",
        "signature",
        "password",
        "body",
        "payload",
        "access-token",
    ],
)
def test_values_of_known_keys_are_starred(lines: Lines, key: str) -> None:
    """Whatever type the value has, and however deep it stands."""
    get_logger(__name__).info(
        "http.failed", **{key: ["s3cret"]}, nested=[{"deeper": {key: "s3cret"}}]
    )

    (line,) = lines()

    assert line[key] == "***"
    assert line["nested"] == [{"deeper": {key: "***"}}]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "clone https://x-access-token:ghs_s3cret.a-b_c@github.com",
            "clone https://***@github.com",
        ),
        ("token ghs_s3 was refused", "token *** was refused"),
        ("ghp_s3cret ghu_s3cret", "*** ***"),
        ("github_pat_11s3cret", "***"),
        ("Authorization: Bearer s3cret.abc-def", "Authorization: ***"),
        ("authorization: bearer s3cretabcdef", "authorization: ***"),
        (f"key {PEM} end", "key *** end"),
        ("cut off: -----BEGIN PRIVATE KEY-----\nMIIs3cret", "cut off: ***"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzM2NyZXQiOjF9.s3cret", "***"),
        ("postgresql+psycopg://gate:s3cret@db/gate", "postgresql+psycopg://***@db/gate"),
        ("ordinary words, a token of thanks", "ordinary words, a token of thanks"),
        ("https://github.com/o/r/actions/runs/1", "https://github.com/o/r/actions/runs/1"),
    ],
)
def test_what_looks_like_a_secret_is_starred_in_any_text(
    lines: Lines, text: str, written: str
) -> None:
    """In the event, in values, in what an object says about itself, and in nested texts."""
    get_logger(__name__).info(
        text, plain=text, nested={"list": [text], "tuple": (text,)}, error=ValueError(text)
    )

    (line,) = lines()

    assert line["event"] == line["plain"] == line["error"] == written
    assert line["nested"] == {"list": [written], "tuple": [written]}
    assert "s3cret" not in json.dumps(line)


@pytest.mark.parametrize(
    "unit", ["eyJ", "://", "://a:", "-----BEGIN ", "gh_", "ghs_", "bearer ", "basic", "token "]
)
def test_a_text_of_many_beginnings_is_read_once(lines: Lines, unit: str) -> None:
    """Megabytes of what could begin a secret are logged well before the test's time-out."""
    get_logger(__name__).info("text.logged", text=unit * (3_000_000 // len(unit)))
    (line,) = lines()
    assert line["event"] == "text.logged"


def test_values_of_every_kind_are_written(lines: Lines) -> None:
    """Nothing an event can carry makes it fail, and bytes are never shown."""
    get_logger(__name__).info(
        "http.failed",
        at=datetime(2026, 1, 2, tzinfo=UTC),
        path=Path("a/b"),
        raw=b"s3cret",
        large=2**80,
        half="\ud800",
        names={"a"},
        nothing=None,
        numbers={1: True},
    )

    (line,) = lines()

    assert line["at"] == "2026-01-02T00:00:00+00:00"
    assert line["path"] == "a/b"
    assert line["raw"] == "<6 bytes>"
    assert line["large"] == 2**80
    assert line["half"] == "\ud800"
    assert line["names"] == ["a"]
    assert line["nothing"] is None
    assert line["numbers"] == {"1": True}


def test_a_value_that_contains_itself_is_cut_off(lines: Lines) -> None:
    """Depth has an end."""
    endless: list[object] = []
    endless.append(endless)

    get_logger(__name__).info("http.failed", endless=endless)

    (line,) = lines()
    assert line["event"] == "http.failed"


class _Mute:
    def __str__(self) -> str:
        raise RuntimeError


def test_a_value_that_cannot_be_read_costs_only_the_values(lines: Lines) -> None:
    """The event is still told, and what went wrong with it."""
    get_logger(__name__).info("delivery.accepted", odd=_Mute())

    (line,) = lines()
    assert line == {"event": "delivery.accepted", "level": "error", "unreadable": "RuntimeError"}


def test_a_closed_stderr_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that cannot be written is lost, the request it belongs to is not."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)

    get_logger(__name__).info("delivery.accepted")
    logging.getLogger("other").error("failed")


def test_a_logger_follows_the_present_stderr(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is put in place later gets the lines from then on."""
    log = get_logger(__name__)
    log.info("first.written")
    later = io.StringIO()
    monkeypatch.setattr("sys.stderr", later)

    log.info("second.written")
    logging.getLogger("other").error("third")

    assert [line["event"] for line in lines()] == ["first.written"]
    assert [json.loads(line)["event"] for line in later.getvalue().splitlines()] == [
        "second.written",
        "third",
    ]


def test_the_console_shows_events_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """A traceback is readable there, and redacted all the same."""
    configure_logging("console")
    get_logger(__name__).error("http.failed", exc_info=_raised(PEM), token="s3cret")

    shown = capsys.readouterr().err
    assert "http.failed" in shown
    assert "in _raised" in shown
    assert "s3cret" not in shown


FORMATS = [(True, "", "\x1b["), (True, "1", "20"), (False, "", "{")]


@pytest.mark.parametrize(("terminal", "no_color", "start"), FORMATS)
def test_the_format_is_chosen_by_where_it_goes(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, no_color: str, start: str
) -> None:
    """People get the console on a terminal, in color unless NO_COLOR is set; machines JSON."""
    monkeypatch.setenv("NO_COLOR", no_color)
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr("sys.stderr", stream)
    configure_logging()
    get_logger(__name__).info("delivery.accepted")
    assert stream.getvalue().startswith(start)


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), _anything), st.text())
def test_redaction_is_total(event: dict[str, Any], around: str) -> None:
    """Any event comes through, and a token in it never does."""
    token = "ghs_" + "s3cret" * 4

    cleaned = redact(None, "info", {**event, "event": f"{around} {token}"})

    assert token not in json.dumps(cleaned)
    assert set(event) - {"event"} <= set(cleaned)
