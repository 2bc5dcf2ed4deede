from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.incidents.events import Acknowledged, IncidentEvent, Opened, Resolution, Resolved
from gate.domain.incidents.incident import GATE, IncidentPlace
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import IncidentId, InstallationId, RepositoryId
from gate.domain.model.reports import FlowStatus
from gate.store.github.repositories import record_repository
from gate.store.incidents.incidents import (
    IncidentRecord,
    lock_incident,
    record_events,
    record_opening,
)
from gate.store.reports.reports import record_report
from tests.support.builders.defaults import ENVIRONMENT, INSTALLATION
from tests.support.builders.reports import make_validation_report
from tests.support.builders.runs import make_account
from tests.support.incidents import make_failure, make_flow
from tests.unit.web.api.test_requests import ask_from, get, shown
from tests.unit.web.conftest import NOW, Site

PATH = "/api/v1/stats"


UNTIL = "2026-03-03"
LATER = NOW + timedelta(minutes=10)
NO_TIMES = {"count": 0, "median_seconds": None, "p90_seconds": None}


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


def happens(site: Site, incident_id: IncidentId, *what: Any, by: str = "mona") -> None:
    """Let people do things."""

    def work(tx: Any) -> None:
        record = lock_incident(tx, incident_id)
        assert record is not None
        record_events(tx, record, [IncidentEvent(LATER, by, it) for it in what])

    site.database.transact(work)


def test_nothing_on_record_is_null(site: Site) -> None:
    """Never zero, which would be a bad rate and a good time."""
    assert shown(get(site, PATH)) == {
        "since": "2026-01-31T12:00:00Z",
        "until": "2026-03-02T12:00:00Z",
        "validation_pass_rate": {"count": 0, "of": 0, "rate": None},
        "incidents": {"opened": 0, "open": 0},
        "time_to_acknowledge": NO_TIMES | {"waiting": 0, "never": 0},
        "time_to_decide": NO_TIMES | {"waiting": 0, "never": 0},
        "time_to_resolve": NO_TIMES | {"waiting": 0, "never": 0},
        "false_positive_rate": {"count": 0, "of": 0, "rate": None},
        "alerts_per_incident": {"messages": 0, "incidents": 0, "mean": None, "most": 0},
        "incidents_acted_on": {"count": 0, "of": 0, "rate": None},
        "time_held": NO_TIMES | {"going_on": 0, "total_seconds": 0.0, "environments": {}},
        "overrides": 0,
        "bypasses": 0,
        "flaky_flows_since": "2026-01-31T12:00:00Z",
        "flaky_flows": [],
    }


def test_what_happened_is_measured(site: Site) -> None:
    """Times are seconds, rates are shares of one."""
    first = add_incident(site)
    add_incident(site, environment="staging")
    happens(site, first.incident.id, Acknowledged())
    happens(site, first.incident.id, Resolved(Resolution.VALIDATION_PASSED, ""), by=GATE)
    report = make_validation_report(reported_at=NOW, flows=(make_flow("a", FlowStatus.FLAKY),))
    site.database.transact(lambda tx: record_report(tx, report, INSTALLATION))

    found = shown(get(site, PATH, until=UNTIL))

    assert found["incidents"] == {"opened": 2, "open": 1}
    assert found["time_to_acknowledge"] == {
        "count": 1,
        "median_seconds": 600.0,
        "p90_seconds": 600.0,
        "waiting": 1,
        "never": 0,
    }
    assert found["false_positive_rate"] == {"count": 1, "of": 1, "rate": 1.0}
    assert found["incidents_acted_on"] == {"count": 1, "of": 2, "rate": 0.5}
    (flow,) = found["flaky_flows"]
    assert (flow["flow"], flow["count"], flow["of"], flow["rate"]) == ("a", 1, 1, 1.0)


@pytest.mark.parametrize(
    ("query", "opened"),
    [
        ({}, 2),
        ({"since": "2026-03-02"}, 2),
        ({"since": "1h", "until": UNTIL}, 2),
        ({"since": "2026-03-02T12:00:01Z"}, 0),
        ({"until": "2026-03-02T12:00:00Z"}, 0),
        ({"repository": "acme/shop-1"}, 1),
        ({"repository": "acme/shop-1", "repository_id": 1}, 1),
        ({"repository_id": 2}, 1),
        ({"repository_id": 3}, 0),
        ({"environment": "Staging"}, 1),
        ({"environment": ENVIRONMENT, "repository_id": 2}, 0),
    ],
)
def test_a_query_narrows_what_is_measured(
    site: Site, query: Mapping[str, Any], opened: int
) -> None:
    """By time, by repository and by environment."""
    add_incident(site)
    add_incident(site, repository_id=2, environment="staging")

    found = shown(get(site, PATH, **{"until": UNTIL, **query}))

    assert found["incidents"]["opened"] == opened


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"since": "2026-03-02T12:00:00Z"},
        {"since": "0s"},
        {"until": "1w"},
        {"repository": "acme/nothing"},
        {"repository_id": "x"},
        {"color": "red"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: Mapping[str, Any]) -> None:
    """A name that nobody knows would look like a repository without incidents."""
    response = get(site, PATH, **query)

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["reason"] == "bad_query"
    assert next(iter(query)) in response.json["detail"]


def test_a_name_and_another_id_are_a_contradiction(site: Site) -> None:
    """Neither is taken for the other."""
    add_incident(site)

    assert get(site, PATH, repository="acme/shop-1", repository_id=2).status_code == 400


def test_strangers_are_not_answered(site: Site) -> None:
    """Without a token only this machine is."""
    assert ask_from(site, "192.0.2.1", {}, PATH).status_code == 401
