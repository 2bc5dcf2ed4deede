"""What holds for every page: who sees it, what a browser may do with it, and how it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import pytest
from flask import render_template_string

from gate.domain.model.access import NOTHING
from gate.errors import RetryLater
from gate.store.engine.database import Database
from gate.web.viewers import Viewer, Viewers
from tests.unit.web.conftest import NOW, Site

BROWSER: Final = {"Accept": "text/html,application/xhtml+xml"}
HOSTILE: Final = "<script>alert(1)</script>\u202egnp.exe\x1b[31m\u200b"


def test_a_page_that_has_not_changed_costs_a_304(site: Site) -> None:
    """A browser that has the page is not sent it again."""
    first = site.client.get("/", headers=BROWSER)
    again = site.client.get("/", headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/runbooks/alert", "/nowhere", "/static/gate.css"]
)
def test_nothing_foreign_is_loaded_run_or_framed(site: Site, path: str) -> None:
    """Every answer forbids scripts and styles in the page, frames, and forms that go elsewhere."""
    headers = site.client.get(path, headers=BROWSER, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/healthz", "/runbooks/alert", "/nowhere", "/api/v1/stats"])
@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://gate.example.com", "max-age=31536000"),
        ("http://gate.example.com", None),
        ("http://127.0.0.1:8080", None),
        ("https://localhost:8443", None),
    ],
)
def test_a_public_gate_is_spoken_to_encrypted_only(
    database: Database, path: str, url: str, sent: str | None
) -> None:
    """Its subdomains are not the gate's, and on loopback others have the same host."""
    headers = Site(database, public_url=url).client.get(path).headers
    assert headers.get("Strict-Transport-Security") == sent


@pytest.mark.parametrize("path", ["/", "/incidents", "/history.csv", "/nowhere", "/api/v1/stats"])
def test_nothing_that_a_session_opens_is_stored(database: Database, path: str) -> None:
    """After the sign-out, the browser's back button does not show it either."""
    site = Site(database, viewers=signed_in_as("mona"))
    assert site.client.get(path, headers=BROWSER).headers["Cache-Control"] == "no-store"


def test_every_frame_offers_to_sign_out(database: Database) -> None:
    """Also where nobody can tell who asks; on this machine there is nobody to sign out."""
    form = '<form method="post" action="/sign-out"><input type="hidden" name="csrf_token" value="t"'
    site = Site(database, viewers=signed_in_as("mona"))
    for path in ("/", "/status", "/runbooks", "/api", "/nowhere"):
        assert site.client.get(path, headers=BROWSER).text.count(form) == 1, path
    local = Viewers(trusts_loopback=True, signed_in=lambda: None, form_token=lambda: "t")
    assert "/sign-out" not in Site(database, viewers=local).client.get("/").text


def test_a_browser_gets_a_page_of_the_same_house_for_an_error(site: Site) -> None:
    """A program gets a problem for the same address."""
    page = site.client.get("/nowhere", headers=BROWSER)
    program = site.client.get("/nowhere")
    assert page.status_code == program.status_code == HTTPStatus.NOT_FOUND
    assert "Go to the board" in page.text
    assert program.json is not None
    assert program.json["reason"] == "not_found"


def test_a_stranger_is_told_how_to_configure_the_sign_in(database: Database) -> None:
    """Where nobody can sign in, a page says what to set."""
    site = Site(database, viewers=Viewers(trusts_loopback=False))
    answer = site.client.get("/", headers=BROWSER)
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "GATE_GITHUB_CLIENT_ID" in answer.text


@pytest.mark.parametrize("path", ["/sign-in", "/account"])
def test_without_a_sign_in_its_pages_say_so(site: Site, path: str) -> None:
    """Someone may have the address from the documentation."""
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert "Sign-in is not configured" in answer.text


def test_a_stranger_is_sent_to_the_sign_in_and_comes_back(database: Database) -> None:
    """The page that was asked for goes along, with its query."""
    site = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: None))
    answer = site.client.get("/?wall=1", headers=BROWSER)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.headers["Location"] == "/sign-in?to=%2F%3Fwall%3D1"


def test_who_is_signed_in_sees_it(database: Database) -> None:
    """Their name stands on every page, harmless."""
    viewer = Viewer("mallory\u202e<b>", NOTHING)
    site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    assert "signed in as <bdi>mallory&lt;b&gt;</bdi>" in site.client.get("/").text


def signed_in_as(login: str) -> Viewers:
    """Make a recognition of callers that takes everybody for one person."""
    person = Viewer(login, NOTHING)
    return Viewers(trusts_loopback=False, signed_in=lambda: person, form_token=lambda: "t")


@dataclass(frozen=True)
class Written:
    """A template and what it becomes."""

    template: str
    shown: str


@pytest.mark.parametrize(
    "written",
    [
        Written("{{ hostile }}", "&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe[31m"),
        Written("{{ hostile | whole }}", "&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe[31m"),
        Written("{{ 'x' | link('javascript:alert(1)') }}", "x"),
        Written(
            "{{ 'x' | link('https://a.example/b') }}",
            '<a href="https://a.example/b" rel="noreferrer">x</a>',
        ),
        Written(
            "{{ hostile | link('https://a.example') }}",
            '<a href="https://a.example" rel="noreferrer">'
            "&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe[31m</a>",
        ),
        Written(
            "{{ '<a>`b`, `c' | coded }}|{{ 'd `e` f `g`' | coded }}|{{ '`' | coded }}",
            "&lt;a&gt;<code>b</code>, `c|d <code>e</code> f <code>g</code>|`",
        ),
        Written("{{ nothing }}|{{ nothing | ago }}|{{ nothing | instant }}", "||"),
        Written("{{ ('x' * 65536) | length }}", "65536"),
    ],
    ids=lambda it: it.template,
)
def test_texts_of_others_are_harmless(site: Site, written: Written) -> None:
    """Markup is shown, not obeyed; what cannot be seen is dropped; only web addresses are links."""
    with site.app.test_request_context():
        shown = render_template_string(written.template, hostile=HOSTILE, nothing=None, now=NOW)
    assert shown == written.shown


def test_a_long_text_is_cut(site: Site) -> None:
    """No single value fills a page."""
    with site.app.test_request_context():
        shown = render_template_string("{{ text }}", text="x" * 65536)
    assert len(shown) == 2001


def failing_with(error: Exception) -> Viewers:
    """Make a recognition of callers that fails, as everything that reads the database may."""

    def find() -> Viewer:
        raise error

    return Viewers(trusts_loopback=False, signed_in=find)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (RetryLater("database_busy"), HTTPStatus.SERVICE_UNAVAILABLE, "The database is busy"),
        (ValueError("s3cret"), HTTPStatus.INTERNAL_SERVER_ERROR, "log says what went wrong"),
    ],
)
def test_a_browser_gets_a_page_when_the_gate_fails(
    database: Database, error: Exception, status: HTTPStatus, words: str
) -> None:
    """It needs no database; what went wrong is only in the log."""
    site = Site(database, viewers=failing_with(error))
    answer = site.client.get("/", headers=BROWSER)
    assert answer.status_code == status
    assert "text/html" in answer.content_type
    assert words in answer.text
    assert "s3cret" not in answer.text
