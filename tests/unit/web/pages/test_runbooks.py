"""Every alert links to a page that says what to do, and the gate serves it to anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import render_template

from gate.domain.incidents.alerts.content import AlertSubject, Bypass, render_alert, render_bypass
from gate.domain.incidents.alerts.gate_alerts import render_broken_policy, render_unanswered
from gate.domain.incidents.alerts.plan import LATE_TO_ACKNOWLEDGE, LATE_TO_DECIDE, Message
from gate.domain.incidents.events import Resolution, Resolved
from gate.domain.model.access import NOTHING
from gate.domain.model.alert import AlertKind, Severity
from gate.domain.model.policy.policy import AlertPolicy, InvalidPolicy
from gate.runbooks import load_runbooks
from gate.store.engine.database import Database
from gate.web.pages.runbooks import read_runbook
from gate.web.viewers import Viewer, Viewers
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_request
from tests.support.incidents import make_incident
from tests.unit.domain.incidents.test_incident import happened
from tests.unit.web.conftest import Site

ROOT = Path(__file__).parents[4]
PAGES = load_runbooks()
HEADINGS = ["Meaning", "Impact", "Check", "Act", "Escalate"]
LONGEST = 2_500
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def linked() -> Iterator[tuple[AlertKind, str]]:
    """Return each kind of alert with the runbooks it can name."""
    subject = AlertSubject("acme/shop", "", "https://gate.example.com/runbooks", ())
    policy = AlertPolicy()
    for kind in AlertKind:
        if kind is AlertKind.BYPASS:
            bypass = Bypass(make_request(), "", None)
            yield kind, str(render_bypass(bypass, policy, subject, NOW).runbook_url)
            continue
        if kind is AlertKind.POLICY:
            invalid = InvalidPolicy((), "0", "acme/shop/policy.yml")
            alert = render_broken_policy(invalid, "policy/1/0", "policy/1", subject, NOW)
            yield kind, str(alert.runbook_url)
            continue
        if kind is AlertKind.UNANSWERED:
            alert = render_unanswered(make_request(), "", policy, subject, NOW)
            yield kind, str(alert.runbook_url)
            continue
        is_late = kind is AlertKind.ESCALATION
        for topic in [LATE_TO_ACKNOWLEDGE, LATE_TO_DECIDE] if is_late else [kind.value]:
            incident = make_incident()
            if kind is AlertKind.RECOVERY:
                incident = happened(incident, Resolved(Resolution.VALIDATION_PASSED, ""))
            message = Message(topic, kind, Severity.CRITICAL)
            yield kind, str(render_alert(incident, message, policy, subject, NOW).runbook_url)


@pytest.mark.parametrize(("kind", "url"), list(linked()))
def test_each_alert_links_to_a_page_that_the_gate_serves(
    site: Site, kind: AlertKind, url: str
) -> None:
    """Whatever kind it is, and to a stranger, who has nothing but a phone."""
    response = site.client.get(
        urlsplit(url).path,
        headers={"Host": "gate.example.com"},
        environ_overrides={"REMOTE_ADDR": "192.0.2.1"},
    )

    assert response.status_code == 200
    assert response.content_type == "text/html; charset=utf-8"
    title = PAGES[urlsplit(url).path.rpartition("/")[2]].splitlines()[0].removeprefix("# ")
    assert Document(response.text).texts["h1"] == [title]


def test_no_alert_is_left_out() -> None:
    """Each kind is among those above, and the two late steps have a page each."""
    assert {kind for kind, _ in linked()} == set(AlertKind)
    assert len({url for _, url in linked()}) == len(AlertKind) + 1


def test_what_is_served_is_what_the_documentation_has() -> None:
    """In a checkout; a wheel has a copy."""
    assert set(PAGES) == {page.stem for page in (ROOT / "docs" / "runbooks").iterdir()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_five_parts_and_is_short(name: str) -> None:
    """At night people look for the place they know. Served, a page has no neighbours to link to."""
    text = PAGES[name]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith("# ")
    assert len(text) < LONGEST
    assert "](" not in text


class Document(HTMLParser):
    """The elements of a page, and the text that each of them shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_html_for_a_phone(site: Site, name: str) -> None:
    """It has a title, its five headings and its lists, fits the screen, and is light or dark."""
    page = Document(site.client.get(f"/runbooks/{name}", headers={"Accept": BROWSER}).text)

    viewports = [
        attrs["content"] for tag, attrs in page.elements if attrs.get("name") == "viewport"
    ]
    assert viewports == ["width=device-width, initial-scale=1"]
    title = PAGES[name].splitlines()[0][2:]
    assert page.texts["h1"] == [title]
    assert page.texts["title"] == [f"{title} · Deployment Gate"]
    assert page.texts["h2"] == HEADINGS
    assert page.texts["li"]
    assert ("html", {"lang": "en"}) in page.elements


def test_the_index_links_each_page_and_says_what_it_is_about(site: Site) -> None:
    """With a trailing slash as without."""
    page = site.client.get("/runbooks", headers={"Accept": BROWSER})
    slashed = site.client.get("/runbooks/", headers={"Accept": BROWSER})

    document = Document(page.text)
    linked_to = {attrs["href"] for tag, attrs in document.elements if tag == "a"}
    assert {f"/runbooks/{name}" for name in PAGES} <= linked_to
    assert len(document.texts["dd"]) == len(PAGES)
    assert "production validation of this environment is red" in page.text
    assert (slashed.status_code, slashed.text) == (200, page.text)


@pytest.mark.parametrize("path", ["/runbooks", "/runbooks/page"])
def test_a_page_shows_nothing_of_its_reader(database: Database, path: str) -> None:
    """A stranger may read it, and it does not name who is signed in."""
    viewer = Viewer("mona", NOTHING)
    stranger = Site(database, viewers=Viewers(trusts_loopback=False))
    known = Site(database, viewers=Viewers(trusts_loopback=False, signed_in=lambda: viewer))

    assert stranger.client.get(path).status_code == 200
    assert "mona" not in known.client.get(path).text
    assert '<a href="/history">' in stranger.client.get(path).text


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_no_style_and_no_script_of_its_own(site: Site, name: str) -> None:
    """It has the house's, and the house's headers forbid any other."""
    response = site.client.get(f"/runbooks/{name}")
    page = Document(response.text)

    assert "style" not in page.texts
    assert all("src" in attrs for tag, attrs in page.elements if tag == "script")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    attributes = {attribute for _, attrs in page.elements for attribute in attrs}
    assert not {it for it in attributes if it.startswith("on") or it == "style"}


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("page.md", BROWSER),
        ("page.md", "*/*"),
        ("page", "text/markdown"),
        ("page", "text/markdown, text/html;q=0.5"),
    ],
)
def test_the_markdown_is_served_to_whoever_asks_for_it(site: Site, path: str, accept: str) -> None:
    """By the name of the file or by the header, unchanged."""
    response = site.client.get(f"/runbooks/{path}", headers={"Accept": accept})

    assert response.content_type == "text/markdown; charset=utf-8"
    assert response.headers["Vary"] == "Accept"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.text == PAGES["page"]


@pytest.mark.parametrize(
    "accept", [None, "*/*", "text/*", BROWSER, "image/png", "application/json"]
)
def test_everybody_else_gets_html(site: Site, accept: str | None) -> None:
    """Whatever else a client accepts, or if it says nothing, a person can read the answer."""
    headers = {} if accept is None else {"Accept": accept}
    response = site.client.get("/runbooks/page", headers=headers)

    assert response.content_type == "text/html; charset=utf-8"


def test_markup_in_a_text_is_shown_and_not_obeyed(site: Site) -> None:
    """A page that says `<why>`, or worse, says it to the reader and not to the browser."""
    text = "# A & <b>B</b>\n\nWrite <why> <script>alert(1)</script> [x](javascript:alert(1))\n"
    with site.app.test_request_context():
        shown = render_template("runbook.html", runbook=read_runbook("hostile", text))

    page = Document(shown)

    assert page.texts["h1"] == ["A & <b>B</b>"]
    assert page.texts["p"][0] == ("Write <why> <script>alert(1)</script> [x](javascript:alert(1))")


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "page.md.md",
        "page.txt",
        ".md",
        "PAGE",
        "..",
        "../index",
        "..%2findex",
        "%2e%2e%2fsecurity",
        "..%2f..%2fapp.yaml",
        "%2fetc%2fpasswd",
        "page%00",
    ],
)
def test_nothing_else_is_served(site: Site, name: str) -> None:
    """The names are fixed; none of what is asked for becomes a path."""
    response = site.client.get(f"/runbooks/{name}")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["reason"] == "not_found"


def test_a_reader_who_finds_no_runbook_learns_where_they_are(site: Site) -> None:
    """All of them are public, so the answer does not ask whether one may see it."""
    response = site.client.get("/runbooks/nothing")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["detail"] == "There is no such runbook. /runbooks lists all of them."
