"""What people read in mail says all there is, in order, and nothing hostile in it works."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from gate.domain.model.alert import AlertKind
from gate.domain.text.addresses import safe_url
from gate.notify.outline import Room, outline
from gate.notify.text_and_html import render_html, render_text
from tests.support.alerts import HOSTILE, JOB, make_alert, make_flow, make_hostile

ROOM = Room(items=10, words=160)

TEXT = """\
mona/shop: production validation failed (add-exercise.yml); 1 deployment held

On call: acknowledge by 2026-03-02 12:15 UTC, decide by 2026-03-02 13:00 UTC.

Production Validation Failed · mona/shop · production-frontend

Failed flows (1)
  - add-exercise.yml
    exit code 1: Assertion failed: 'exercise-list' is not visible

Links
  - Validation job
    https://github.com/mona/shop/actions/runs/12345
  - Incident
    https://github.com/mona/shop/issues/17
  - Runbook
    https://gate.example.com/runbook

Artifacts
  - https://github.com/mona/shop/actions/runs/12345/artifacts/screenshots

Held deployments
  - run 43, attempt 1, production-frontend
    https://github.com/mona/shop/actions/runs/43

Next steps
  1. Review production validation logs
  2. Investigate failed assertions

2026-03-02 12:00:00 UTC · critical · run 12345, attempt 2 · commit c0ffee011111 · Terraform \
deployment deploy-12345
"""


class Reader(HTMLParser):
    """Collects the elements and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def test_the_text_reads_from_the_worst_to_what_to_do() -> None:
    """The whole mail, as a terminal shows it."""
    assert render_text(outline(make_alert(), ROOM)) == TEXT


def test_the_html_says_what_the_text_says() -> None:
    """Each link of the text is one of the page's, and nothing is fetched."""
    content = outline(make_alert(), ROOM)
    reader = Reader()
    reader.feed(render_html(content))

    assert reader.links == re.findall(r"https://\S+", render_text(content))
    assert not reader.elements & {"img", "script", "link", "iframe"}


def test_the_worst_flow_is_first_and_the_rest_is_counted() -> None:
    """A crash comes before assertions, which stay in the order of the report."""
    flows = [make_flow(f"flow-{index}.yml") for index in range(17)]
    flows[9] = make_flow("crash.yml", exit_code=137)

    section = outline(make_alert(failed_flows=tuple(flows)), ROOM).sections[0]

    assert section.heading == "Failed flows (17)"
    assert [item.text for item in section.items[:3]] == ["crash.yml", "flow-0.yml", "flow-1.yml"]
    assert (len(section.items), section.more) == (10, 7)


@pytest.mark.parametrize("kind", AlertKind)
def test_the_place_tells_kinds_apart(kind: AlertKind) -> None:
    """Only a page has no label before its event."""
    place = outline(make_alert(kind=kind), ROOM).place

    assert (
        place.removesuffix("Production Validation Failed · mona/shop · production-frontend")
        == {
            AlertKind.PAGE: "",
            AlertKind.UPDATE: "Update · ",
            AlertKind.REMINDER: "Reminder · ",
            AlertKind.ESCALATION: "Escalation · ",
            AlertKind.RECOVERY: "Recovery · ",
            AlertKind.BYPASS: "Bypass · ",
            AlertKind.POLICY: "Policy · ",
            AlertKind.UNANSWERED: "Unanswered · ",
            AlertKind.TEST: "Test · ",
        }[kind]
    )


def test_an_alert_stored_without_a_headline_is_titled_by_its_event() -> None:
    """It was stored before the gate was updated, and is sent after that."""
    assert outline(make_alert(headline=""), ROOM).title == "Production Validation Failed"


def test_what_there_is_nothing_of_has_no_heading() -> None:
    """An alert about no run and no flow is short."""
    alert = make_alert(
        failed_flows=(),
        artifact_urls=(),
        next_steps=(),
        held_deployments=(),
        runbook_url=None,
        run_id=None,
        head_sha=None,
        terraform_deployment_id=None,
    )

    content = outline(alert, ROOM)

    assert [section.heading for section in content.sections] == ["Links"]
    assert [item.text for item in content.sections[0].items] == ["Validation job", "Incident"]
    assert content.facts == "2026-03-02 12:00:00 UTC · critical"


@pytest.mark.parametrize("render", [render_text, render_html])
def test_hostile_text_is_harmless(render: object) -> None:
    """No control or bidirectional character is left, and no element of the text's own."""
    assert callable(render)
    shown = render(outline(make_hostile(3), ROOM))
    reader = Reader()
    reader.feed(render_html(outline(make_hostile(3), ROOM)))

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ud800]", shown)
    assert "script" not in reader.elements
    assert all(
        re.match("https://(github.com|evil.example|gate.example.com)/", it) for it in reader.links
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "ftp://host/file",
        "https://host/a b",
        "https://host/<script>",
        "https://host/a|b",
        'https://host/"',
        "https://github.com@evil.example/",
        "https://host/\u202e",
        f"https://host/{'a' * 500}",
        HOSTILE,
    ],
)
def test_an_address_that_may_do_harm_is_no_link(url: str) -> None:
    """Only short, plain addresses of the web are."""
    assert not safe_url(url)
    assert safe_url(JOB) == JOB
