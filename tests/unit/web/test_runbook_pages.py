"""Every alert links to a page that says what to do, and the gate serves it to anybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gate.domain.alert import AlertKind, Severity
from gate.domain.alert_content import AlertSubject, Bypass, render_alert, render_bypass
from gate.domain.alert_plan import LATE_TO_ACKNOWLEDGE, LATE_TO_DECIDE, Message
from gate.domain.gate_alerts import render_broken_policy, render_unanswered
from gate.domain.incidents import Resolution, Resolved
from gate.domain.policy import AlertPolicy, InvalidPolicy
from gate.runbooks import load_runbooks
from tests.builders import NOW, make_request
from tests.incidents import make_incident
from tests.unit.domain.test_incidents import happened
from tests.unit.web.conftest import Site

ROOT = Path(__file__).parents[3]
PAGES = load_runbooks()
HEADINGS = ["Meaning", "Impact", "Check", "Act", "Escalate"]
LONGEST = 2_500


def linked() -> Iterator[tuple[AlertKind, str]]:
    """Give each kind of alert with the runbooks it can name."""
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
    assert response.content_type == "text/markdown; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.text == PAGES[urlsplit(url).path.rpartition("/")[2]]


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


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "page.md",
        "PAGE",
        "..",
        "../index",
        "..%2findex",
        "%2e%2e%2fsecurity",
        "..%2f..%2fapp.yaml",
        "%2fetc%2fpasswd",
        "page%00",
        "",
    ],
)
def test_nothing_else_is_served(site: Site, name: str) -> None:
    """The names are fixed; none of what is asked for becomes a path."""
    response = site.client.get(f"/runbooks/{name}")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["reason"] == "not_found"
