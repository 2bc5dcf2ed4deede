"""Incidents as the API shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.incidents.alerts.content import AlertSubject, render_alert
from gate.domain.incidents.alerts.plan import Message
from gate.domain.incidents.events import (
    Acknowledged,
    Decided,
    FailedAgain,
    Happening,
    IncidentEvent,
    Opened,
    Resolution,
    Resolved,
)
from gate.domain.model.alert import AlertKind, Channel, Severity
from gate.domain.model.course import Course
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId
from gate.domain.model.policy.policy import AlertPolicy
from gate.domain.model.runs import Account
from gate.store.engine.database import Transaction
from gate.store.github.repositories import record_repository
from gate.store.incidents.alerts import owe_alert
from gate.store.incidents.incidents import (
    IncidentRecord,
    record_events,
    record_issue,
    record_opening,
)
from tests.support.builders.defaults import NOW
from tests.support.incidents import PLACE, make_failure
from tests.unit.web.conftest import Site

PATH = "/api/v1/incidents"


def add(site: Site, environment: str = "production-frontend", *what: Happening) -> IncidentRecord:
    """Record an incident, and what happened to it by mona, a minute apart."""

    def work(tx: Transaction) -> IncidentRecord:
        owner = Account(AccountId(5), "octo-org")
        seen = Repository(
            PLACE.repository_id, PLACE.installation_id, "octo-org/shop", owner, "main"
        )
        record_repository(tx, seen)
        opened = Opened(make_failure("login.yml"))
        place = replace(PLACE, environment=environment)
        record = record_opening(tx, place, IncidentEvent(NOW, "gate", opened), opened)
        events = [
            IncidentEvent(NOW + timedelta(minutes=at), "mona", it) for at, it in enumerate(what, 1)
        ]
        return record_events(tx, record, events)

    return site.database.transact(work)


def listed(site: Site, **query: Any) -> Any:
    """Ask from this machine for a list that is given."""
    response = site.client.get(PATH, query_string=query)
    assert response.status_code == 200
    return response.json


def test_nothing_is_an_empty_list(site: Site) -> None:
    """No validation has failed yet."""
    assert listed(site) == {"items": [], "next_cursor": None}


def test_an_incident_is_shown_with_who_did_what(site: Site) -> None:
    """Names, times, reasons, and what failed."""
    add(site, "production", Acknowledged(), Decided(Course.ROLLBACK, "the last apply broke it"))
    (item,) = listed(site)["items"]
    assert (item["repository"], item["environment"], item["state"]) == (
        "octo-org/shop",
        "production",
        "open",
    )
    assert item["acknowledged"] == {"at": "2026-03-02T12:01:00Z", "by": "mona"}
    assert item["decided"] == {
        "at": "2026-03-02T12:02:00Z",
        "by": "mona",
        "course": "rollback",
        "why": "the last apply broke it",
    }
    assert item["resolved"] is None
    assert [it["flow_name"] for it in item["failure"]["flows"]] == ["login.yml"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"state": "open"}, [3, 1]),
        ({"state": "resolved"}, [2]),
        ({"environment": "STAGING"}, [3]),
        ({"repository_id": 1}, [3, 2, 1]),
        ({"repository_id": 2}, []),
        ({"repository": "octo-org/shop"}, [3, 2, 1]),
        ({"repository": "octo-org/shop", "repository_id": 1}, [3, 2, 1]),
        ({"installation_id": 5, "state": "open"}, [3, 1]),
    ],
    ids=str,
)
def test_filters_narrow_the_list(site: Site, query: dict[str, Any], ids: list[int]) -> None:
    """Several of them, all must fit."""
    add(site)
    add(site, "production-frontend", Resolved(Resolution.BY_HAND, "a test"))
    add(site, "staging")
    assert [it["id"] for it in listed(site, **query)["items"]] == ids


def test_pages_run_newest_first_without_overlap(site: Site) -> None:
    """The cursor of a page leads to the next, and the last page has none."""
    for _ in range(5):
        add(site)
    first = listed(site, limit=3)
    second = listed(site, limit=3, cursor=first["next_cursor"])
    assert [it["id"] for it in first["items"] + second["items"]] == [5, 4, 3, 2, 1]
    assert second["next_cursor"] is None


def test_a_single_incident_tells_its_whole_story(site: Site) -> None:
    """Its events, and what each channel was told."""
    record = add(site, "production-frontend", Acknowledged())
    message = Message("page", AlertKind.PAGE, Severity.CRITICAL)
    subject = AlertSubject("octo-org/shop", "https://gate.example/1", "https://gate.example", ())
    alert = render_alert(record.incident, message, AlertPolicy(), subject, NOW)
    channels = [Channel.SLACK, Channel.EMAIL]
    site.database.transact(lambda tx: owe_alert(tx, alert, channels, PLACE.repository_id))
    url = "https://github.example/octo-org/shop/issues/3"
    site.database.transact(lambda tx: record_issue(tx, record.incident.id, 3, url))
    shown: Any = site.client.get(f"{PATH}/1").json
    assert [it["kind"] for it in shown["timeline"]] == ["opened", "acknowledged"]
    assert [it["channel"] for it in shown["alerts"]] == ["email", "slack"]
    assert {it["state"] for it in shown["alerts"]} == {"owed"}
    assert shown["issue_url"] == url


def test_an_end_says_how_it_came(site: Site) -> None:
    """Whoever ended it said why."""
    add(site, "production-frontend", Resolved(Resolution.BY_HAND, "a test"))
    (item,) = listed(site)["items"]
    assert item["resolved"] == {
        "at": "2026-03-02T12:01:00Z",
        "by": "mona",
        "how": "by_hand",
        "why": "a test",
    }


def test_a_timeline_shows_its_newest_events(site: Site) -> None:
    """A validation that fails all week must not make a record that nobody can load."""
    add(site, "production-frontend", *[FailedAgain(make_failure())] * 205)
    shown: Any = site.client.get(f"{PATH}/1").json
    assert [it["position"] for it in shown["timeline"]] == list(range(7, 207))


@pytest.mark.parametrize("query", [{"color": "red"}, {"repository_id": "x"}, {"limit": 0}])
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: dict[str, Any]) -> None:
    """The parameter is named."""
    response = site.client.get(PATH, query_string=query)
    assert response.status_code == 400
    assert response.json is not None
    assert next(iter(query)) in response.json["detail"]


@pytest.mark.parametrize("number", ["7", "0", "x", "1e3", "9" * 30])
def test_what_does_not_exist_is_not_found(site: Site, number: str) -> None:
    """Whatever is asked for."""
    response = site.client.get(f"{PATH}/{number}")
    assert response.status_code == 404
    assert response.json is not None
    assert response.json["reason"] == "not_found"


def test_strangers_are_refused(site: Site) -> None:
    """Without a token only this machine is answered."""
    response = site.client.get(PATH, headers={"X-Forwarded-For": "192.0.2.1"})
    assert response.status_code == 401
