from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.alert import Channel
from gate.domain.alert_content import AlertSubject, render_alert
from gate.domain.alert_plan import plan_alerts
from gate.domain.deliveries import Repository
from gate.domain.ids import IncidentId, InstallationId, RepositoryId
from gate.domain.incidents import (
    GATE,
    Acknowledged,
    Course,
    Decided,
    FailedAgain,
    IncidentEvent,
    IncidentPlace,
    Opened,
    Resolution,
    Resolved,
)
from gate.domain.policy import AlertPolicy
from gate.store.alerts import AlertState, finish_alert, owe_alert
from gate.store.incidents import (
    IncidentRecord,
    lock_incident,
    record_events,
    record_issue,
    record_opening,
)
from gate.store.repositories import record_repository
from tests.builders import ENVIRONMENT, make_account
from tests.incidents import make_failure
from tests.unit.web.conftest import NOW, PUBLIC_URL, Site
from tests.unit.web.test_requests_api import ask_from, get, shown

PATH = "/api/v1/incidents"
KEYS = {
    "id",
    "repository",
    "repository_id",
    "environment",
    "state",
    "opened_at",
    "alerted_at",
    "acknowledged",
    "decided",
    "resolved",
    "failure",
    "failures",
    "reopenings",
    "issue_url",
}
LATER = NOW + timedelta(minutes=10)


def add_incident(
    site: Site, repository_id: int = 1, environment: str = ENVIRONMENT
) -> IncidentRecord:
    """Open an incident."""
    repository = RepositoryId(repository_id)
    name = f"acme/shop-{repository_id}"
    seen = Repository(repository, InstallationId(7), name, make_account("acme"), "main")
    what = Opened(make_failure("login.yml", "cart.yml", repository_id=repository))

    def work(tx: Any) -> IncidentRecord:
        record_repository(tx, seen)
        place = IncidentPlace(InstallationId(7), repository, environment)
        return record_opening(tx, place, IncidentEvent(NOW, GATE, what), what)

    return site.database.transact(work)


def happens(site: Site, incident_id: IncidentId, *happenings: Any, by: str = "mona") -> None:
    """Let people do things."""

    def work(tx: Any) -> None:
        record = lock_incident(tx, incident_id)
        assert record is not None
        record_events(tx, record, [IncidentEvent(LATER, by, it) for it in happenings])

    site.database.transact(work)


def test_an_open_incident_has_the_keys_of_the_interface(site: Site) -> None:
    """What has not happened yet is null, and what failed is told in full."""
    record = add_incident(site)

    (item,) = shown(get(site, PATH))["items"]

    assert set(item) == KEYS
    assert item["id"] == record.incident.id
    assert (item["repository"], item["repository_id"]) == ("acme/shop-1", 1)
    assert (item["environment"], item["state"]) == (ENVIRONMENT, "open")
    assert item["opened_at"] == "2026-03-02T12:00:00Z"
    for name in ("alerted_at", "acknowledged", "decided", "resolved", "issue_url"):
        assert item[name] is None
    assert (item["failures"], item["reopenings"]) == (1, 0)
    failure = item["failure"]
    assert (failure["run_id"], failure["run_attempt"]) == (501, 1)
    assert failure["job_url"] == "https://github.com/acme/shop/actions/runs/501"
    assert [it["flow_name"] for it in failure["flows"]] == ["login.yml", "cart.yml"]
    assert failure["terraform_deployment_id"] == "deploy-12345"
    assert failure["artifact_urls"] == ["https://github.example/artifacts/1"]


def test_what_people_did_is_told_with_their_names(site: Site) -> None:
    """Who, when, what, and in which words."""
    incident_id = add_incident(site).incident.id
    happenings = (
        Acknowledged(),
        Decided(Course.ROLLBACK, "the new subnet"),
        Resolved(Resolution.BY_HAND, "done"),
    )
    happens(site, incident_id, *happenings)
    url = "https://github.com/acme/shop/issues/4"
    site.database.transact(lambda tx: record_issue(tx, incident_id, 4, url))

    (item,) = shown(get(site, PATH))["items"]

    said = {"at": "2026-03-02T12:10:00Z", "by": "mona"}
    assert item["acknowledged"] == said
    assert item["decided"] == said | {"course": "rollback", "why": "the new subnet"}
    assert item["resolved"] == said | {"how": "by_hand", "why": "done"}
    assert (item["state"], item["issue_url"]) == ("resolved", url)


def test_a_record_has_its_timeline_and_what_was_sent(site: Site) -> None:
    """It is what alerts link to."""
    record = add_incident(site)
    incident = record.incident
    happens(site, incident.id, Acknowledged())
    policy = AlertPolicy()
    (message,) = plan_alerts(incident, policy, (), NOW).messages
    subject = AlertSubject("acme/shop", "", f"{PUBLIC_URL}/runbooks", ())
    alert = render_alert(incident, message, policy, subject, NOW)

    def work(tx: Any) -> None:
        owe_alert(tx, alert, (Channel.EMAIL, Channel.SLACK), RepositoryId(1))
        finish_alert(
            tx, alert.key, Channel.SLACK, state=AlertState.SENT, outcome="taken", now=LATER
        )

    site.database.transact(work)

    found = shown(get(site, f"{PATH}/{incident.id}"))

    assert set(found) == KEYS | {"timeline", "alerts"}
    opened, acknowledged = found["timeline"]
    assert (opened["kind"], opened["by"], opened["position"]) == ("opened", "gate", 1)
    assert opened["detail"]["failure"]["run_id"] == 501
    assert (acknowledged["kind"], acknowledged["by"]) == ("acknowledged", "mona")
    owed, sent = found["alerts"]
    assert (owed["channel"], owed["state"], owed["settled_at"]) == ("email", "owed", None)
    assert sent == {
        "key": alert.key,
        "kind": "page",
        "channel": "slack",
        "planned_at": "2026-03-02T12:00:00Z",
        "state": "sent",
        "attempts": 0,
        "outcome": "taken",
        "settled_at": "2026-03-02T12:10:00Z",
    }


def test_a_timeline_shows_its_newest_events(site: Site) -> None:
    """A validation that fails all week must not make a record that nobody can load."""
    incident_id = add_incident(site).incident.id
    failed = FailedAgain(make_failure())
    happens(site, incident_id, *[failed] * 205, by=GATE)

    timeline = shown(get(site, f"{PATH}/{incident_id}"))["timeline"]

    assert [it["position"] for it in timeline] == list(range(7, 207))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [3, 2, 1]),
        ({"repository": "acme/shop-2"}, [3]),
        ({"repository": "acme/nothing"}, []),
        ({"repository_id": 1}, [2, 1]),
        ({"environment": "STAGING"}, [2]),
        ({"state": "open"}, [3, 2]),
        ({"state": "resolved"}, [1]),
        ({"installation_id": 8}, []),
        ({"state": "open", "repository_id": 1}, [2]),
    ],
)
def test_filters_narrow_the_list(site: Site, query: Mapping[str, Any], found: list[int]) -> None:
    """Several must all fit; an environment's name fits in any case."""
    first = add_incident(site)
    add_incident(site, environment="staging")
    add_incident(site, repository_id=2)
    happens(site, first.incident.id, Resolved(Resolution.VALIDATION_PASSED, ""), by=GATE)

    assert [it["id"] for it in shown(get(site, PATH, **query))["items"]] == found


def test_pages_follow_one_another(site: Site) -> None:
    """Newest first; the last page says that it is the last, even when it is full."""
    added = [add_incident(site).incident.id for _ in range(4)]

    first = shown(get(site, PATH, limit=2))
    second = shown(get(site, PATH, limit=2, cursor=first["next_cursor"]))

    assert [it["id"] for it in (*first["items"], *second["items"])] == added[::-1]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "query", [{"state": "closed"}, {"colour": "red"}, {"repository_id": "x"}, {"limit": 0}]
)
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: Mapping[str, Any]) -> None:
    """The parameter is named."""
    response = get(site, PATH, **query)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["reason"] == "bad_query"
    assert next(iter(query)) in response.json["detail"]


@pytest.mark.parametrize("name", ["0", "99", "-1", "x", "9" * 30, "%D9%A3"])
def test_what_is_no_incident_is_not_found(site: Site, name: str) -> None:
    """Any text may stand where an id is expected."""
    add_incident(site)

    assert get(site, f"{PATH}/{name}").status_code == 404


@pytest.mark.parametrize("path", [PATH, f"{PATH}/1"])
def test_strangers_are_not_answered(site: Site, path: str) -> None:
    """Only this machine is, as long as nobody can sign in."""
    assert ask_from(site, "192.0.2.1", {}, path).status_code == 403
