"""The pages of incidents: the list, the clock, the alerts, and what people may not see."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import pytest

from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    Happening,
    IncidentEvent,
    Opened,
    Overridden,
    Resolution,
    Resolved,
)
from gate.domain.model.access import NOTHING
from gate.domain.model.alert import FailedFlow
from gate.domain.model.course import Course
from gate.domain.model.ids import RepositoryId, RequestId
from gate.store.engine.database import Database, Transaction
from gate.store.github.repositories import record_repository
from gate.store.incidents.incidents import (
    IncidentRecord,
    record_events,
    record_issue,
    record_opening,
)
from gate.web.viewers import Viewer, Viewers
from tests.store.github.test_repositories import make_repository
from tests.support.builders.defaults import NOW
from tests.support.builders.requests import make_key
from tests.support.incidents import PLACE, make_failure
from tests.support.rows import asked
from tests.unit.web.conftest import Site

BROWSER = {"Accept": "text/html"}
HOSTILE = "<script>alert(1)</script>\u202egnp.exe"
HALF_AN_HOUR_AGO = NOW - timedelta(minutes=30)


def add(site: Site, environment: str = PLACE.environment, *what: Happening) -> IncidentRecord:
    """Record an incident that opened half an hour ago, and what mona did about it each minute."""

    def work(tx: Transaction) -> IncidentRecord:
        record_repository(tx, make_repository(PLACE.repository_id, full_name="octo-org/shop"))
        failure = replace(
            make_failure("login.yml", "pay.yml"),
            newly_failing=("pay.yml",),
            artifact_urls=("https://github.example/artifacts/1", "javascript:alert(1)"),
        )
        opened = Opened(failure)
        place = replace(PLACE, environment=environment)
        record = record_opening(tx, place, IncidentEvent(HALF_AN_HOUR_AGO, "gate", opened), opened)
        events = [
            IncidentEvent(HALF_AN_HOUR_AGO + timedelta(minutes=at), "mona", it)
            for at, it in enumerate(what, 1)
        ]
        return record_events(tx, record, events)

    return site.database.transact(work)


def page(site: Site, path: str) -> str:
    """Open a page that is there; blanks are one each."""
    answered = site.client.get(path, headers=BROWSER)
    assert answered.status_code == HTTPStatus.OK
    return " ".join(answered.text.split())


def test_without_incidents_the_page_says_what_they_are(site: Site) -> None:
    """And how to see one."""
    assert "No incident yet" in page(site, "/incidents")
    assert "No incident matches" in page(site, "/incidents?state=open")


def test_an_open_incident_says_what_is_due(site: Site) -> None:
    """Nobody has acknowledged within 15 minutes; the decision is due in half an hour."""
    add(site)
    text = page(site, "/incidents/1")
    assert "overdue for" in text
    assert "Open the runbook" in text
    assert "/runbooks/not-acknowledged" in text
    assert "in 30 min" in text
    assert "Anyone with write access can use <code>/ack</code>" in text
    assert "fix it and <a href=" in text
    for command in ("/ack", "/decide rollback ", "/resolve "):
        assert f'data-copy="{command}"' in text
    listed = page(site, "/incidents")
    assert "nobody yet" in listed
    assert "acknowledge by" in listed


def test_flows_are_told_apart_by_whether_they_fail_newly(site: Site) -> None:
    """With their messages and artifacts; an address that is none of the web is no link."""
    add(site)
    text = page(site, "/incidents/1")
    assert text.index('login.yml</bdi></b> <span class="state none">failed before') < text.index(
        'pay.yml</bdi></b> <span class="state fail">newly failing'
    )
    assert "not visible" in text
    assert 'href="https://github.example/artifacts/1"' in text
    assert 'href="javascript' not in text


def test_who_did_what_is_told(site: Site) -> None:
    """With the reason quoted, and a link to the deployment that was released."""
    add(
        site,
        PLACE.environment,
        Acknowledged(),
        Decided(Course.ROLLBACK, "the last apply broke it"),
        Overridden(RequestId(12), "https://github.example/runs/12", "the fix itself"),
    )
    text = page(site, "/incidents/1")
    assert "Next: <b>roll back, then <a href=" in text
    assert "/ack" not in text
    assert "<bdi>mona</bdi></b> <bdi>acknowledged the incident" in text
    assert "decision: rollback" in text
    assert "the last apply broke it" in text
    assert '<a href="/requests/12">deployment 12</a>' in text
    assert 'data-copy="/ack"' not in text


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (Resolution.VALIDATION_PASSED, "The validation passed"),
        (Resolution.RISK_ACCEPTED, "The risk was accepted by <bdi>mona</bdi>"),
        (Resolution.BY_HAND, "Closed by a reviewer"),
        (Resolution.NOT_GATED, "The policy no longer gates the environment"),
    ],
)
def test_a_resolved_incident_says_how_and_asks_for_nothing(
    site: Site, how: Resolution, told: str
) -> None:
    """Its commands no longer count."""
    add(site, PLACE.environment, Resolved(how, ""))
    text = page(site, "/incidents/1")
    assert told in text
    assert "data-copy" not in text
    assert "/runbooks/recovery" in text


def test_open_ones_come_first_then_the_newest(site: Site) -> None:
    """A form's empty fields filter nothing."""
    over = Resolved(Resolution.VALIDATION_PASSED, "")
    add(site, "one")
    for name in ("two", "three"):
        add(site, name, over)
    text = page(site, "/incidents?repository=&environment=&state=&from=&to=")
    places = [text.index(f'href="/incidents/{number}"') for number in (1, 3, 2)]
    assert places == sorted(places)
    assert 'href="/incidents/1"' not in page(site, "/incidents?state=resolved")
    assert 'href="/incidents/3"' not in page(site, "/incidents?environment=TWO")
    assert 'href="/incidents/1"' in page(site, "/incidents?from=2026-03-02&to=2026-03-02")
    assert "No incident matches" in page(site, "/incidents?to=2026-03-01")


def test_held_deployments_and_the_issue_are_linked(site: Site) -> None:
    """The issue is where people act."""
    record = add(site)
    place = record.incident.place
    key = make_key(repository_id=place.repository_id, environment=place.environment)
    request = asked(site.database, key=key, environment=place.environment)
    url = "https://github.example/octo-org/shop/issues/9"
    site.database.transact(lambda tx: record_issue(tx, record.incident.id, 9, url))
    text = page(site, "/incidents/1")
    assert f'<a href="/requests/{request.id}">deployment {request.id}</a>' in text
    assert f"run {key.run_id}, attempt 1" in text
    assert f'href="{url}"' in text
    assert "1 deployment<" in page(site, "/incidents")


def test_hostile_texts_are_shown_and_not_obeyed(site: Site) -> None:
    """Of flows, errors, reasons and environments, however long."""
    add(site, HOSTILE, Decided(Course.ROLLBACK, HOSTILE * 2_000))

    def worsen(tx: Transaction) -> None:
        record_repository(tx, make_repository(PLACE.repository_id, full_name="octo-org/shop"))
        flow = FailedFlow(HOSTILE * 1_000, 1, HOSTILE * 1_000)
        opened = Opened(replace(make_failure(), flows=(flow,), detail=HOSTILE))
        record_opening(
            tx, replace(PLACE, environment="e"), IncidentEvent(NOW, HOSTILE, opened), opened
        )

    site.database.transact(worsen)
    for path in ("/incidents", "/incidents/1", "/incidents/2"):
        text = page(site, path)
        assert "<script>alert" not in text
        assert "\u202e" not in text
        assert len(text) < 100_000


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?state=broken", "state must be one of open, resolved"),
        ("?cursor=1", "cursor is broken"),
        ("?from=1", "from must be a day (UTC) such as 2026-03-02"),
        ("?kind=x", "kind is not a filter of this page"),
    ],
)
def test_what_cannot_be_understood_is_named(site: Site, query: str, told: str) -> None:
    """The answer is 400 and says what may stand there."""
    answered = site.client.get(f"/incidents{query}", headers=BROWSER)
    assert answered.status_code == HTTPStatus.BAD_REQUEST
    assert told in answered.text


@pytest.mark.parametrize("number", ["2", "0", "x", "9" * 30])
def test_what_may_not_be_seen_is_like_what_is_not(database: Database, number: str) -> None:
    """Neither list nor page betrays it."""
    viewer = Viewer("eve", NOTHING)
    site = Site(database, viewers=Viewers(trusts_loopback=True, signed_in=lambda: viewer))
    add(site)
    hidden = site.client.get("/incidents/1", headers=BROWSER)
    missing = site.client.get(f"/incidents/{number}", headers=BROWSER)
    assert hidden.status_code == missing.status_code == HTTPStatus.NOT_FOUND
    assert hidden.text == missing.text
    assert "shop" not in site.client.get("/incidents", headers=BROWSER).text
    assert PLACE.repository_id == RepositoryId(1)
