from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gate.domain.incidents.events import IncidentEvent, Opened
from gate.domain.incidents.incident import GATE
from gate.domain.limits.account import Kind, Why
from gate.domain.limits.spending import Spending
from gate.domain.model.alert import Channel
from gate.errors import RetryLater
from gate.store.incidents.alerts import AlertState, finish_alert, owe_alert
from gate.store.incidents.incidents import record_opening
from gate.store.requests.opening import open_request
from gate.web.metrics import Metrics
from tests.support.alerts import make_alert
from tests.support.builders.requests import make_request
from tests.support.incidents import PLACE, make_failure
from tests.unit.web.conftest import NOW, OfflineDatabase, Site, failing


def test_health_says_that_the_process_is_up() -> None:
    """It needs nothing, so that a lost database does not get the process restarted."""
    response = Site(OfflineDatabase(RetryLater("database_busy"))).client.get("/healthz")

    assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_ready_means_that_every_check_passes(site: Site) -> None:
    """Each is listed by its name."""
    site.checks.update({"database": site.database.check, "key": lambda: None})

    response = site.client.get("/readyz")

    assert response.status_code == 200
    assert response.json == {"status": "ok", "checks": {"database": "ok", "key": "ok"}}


def test_one_failed_check_is_enough_not_to_be_ready(site: Site, log: list[Any]) -> None:
    """Strangers learn the slug; the words, which may name hosts, are in the log."""
    site.checks.update(
        {"database": failing("database_busy", "no route to db.internal"), "key": lambda: None}
    )

    response = site.client.get("/readyz")

    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert response.json == {
        "title": "Service Unavailable",
        "status": 503,
        "detail": "failed: database",
        "reason": "not_ready",
        "checks": {"database": "database_busy", "key": "ok"},
    }
    (entry,) = log
    assert (entry["event"], entry["check"], entry["detail"]) == (
        "http.not_ready",
        "database",
        "no route to db.internal",
    )


def test_a_check_that_breaks_is_one_that_fails(site: Site) -> None:
    """A bug in a check must not look like a service in good order, nor like no service."""

    def broken() -> None:
        raise LookupError

    site.checks["odd"] = broken

    response = site.client.get("/readyz")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["checks"] == {"odd": "bug"}


def samples(site: Site) -> dict[str, float]:
    """Ask for the metrics and read them."""
    response = site.client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain; version=0.0.4")
    return samples_of(response.text)


def samples_of(text: str) -> dict[str, float]:
    """Read metrics in Prometheus' form."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_metrics_tell_what_stands_and_what_is_left(site: Site) -> None:
    """Ages are what an operator is alerted on; they are read at the moment of asking."""
    request = make_request()
    site.database.transact(
        lambda tx: open_request(
            tx,
            request.key,
            installation_id=request.installation_id,
            environment=request.environment,
            head_sha=request.head_sha,
            deployment_id=request.deployment_ids[0],
            now=NOW,
        )
    )
    site.deliver()
    site.quota.update({None: 5000, 7: 12})

    found = samples(site)

    assert found["gate_requests_undecided"] == 1
    assert found["gate_oldest_unanswered_seconds"] == 0
    assert found["gate_delivery_lag_seconds"] == 0
    assert found['gate_deliveries_total{outcome="stored"}'] == 1
    assert found['gate_github_quota_left{installation_id="app"}'] == 5000
    assert found['gate_github_quota_left{installation_id="7"}'] == 12


def test_metrics_tell_what_was_leased_of_githubs_limits(site: Site) -> None:
    """With a series for each limit, also for those that kept nobody waiting."""
    spending = Spending(3, {Kind.POINTS: 90}, {Why.PAUSED: 2})
    metrics = Metrics(site.database, dict, lambda: NOW, spending=lambda: spending)

    found = samples_of(metrics.render().decode())

    assert found["gate_github_leases_total"] == 3
    assert found['gate_github_tokens_leased_total{kind="points"}'] == 90
    assert found['gate_github_tokens_leased_total{kind="content"}'] == 0
    assert found['gate_github_waits_total{limit="paused"}'] == 2
    assert found['gate_github_waits_total{limit="points"}'] == 0


def test_metrics_tell_of_incidents_and_alerts(site: Site) -> None:
    """What is owed stands by channel, and a channel that is owed nothing is there, too."""
    what = Opened(make_failure())
    at = NOW - timedelta(minutes=7)
    alert = replace(make_alert(), timestamp=at)

    def work(tx: Any) -> None:
        record_opening(tx, PLACE, IncidentEvent(at, GATE, what), what)
        owe_alert(tx, alert, [Channel.SLACK, Channel.EMAIL], PLACE.repository_id)
        sent = AlertState.SENT
        finish_alert(tx, alert.key, Channel.EMAIL, state=sent, outcome="taken", now=NOW)

    site.database.transact(work)

    found = samples(site)

    assert found["gate_incidents_open"] == 1
    assert found["gate_oldest_open_incident_seconds"] == 420
    assert found['gate_alerts_owed{channel="slack"}'] == 1
    assert found['gate_alert_outbox_seconds{channel="slack"}'] == 420
    assert found['gate_alerts_owed{channel="email"}'] == 0
    assert found['gate_alert_outbox_seconds{channel="email"}'] == 0
    assert found['gate_alerts_last_day{channel="email",state="sent"}'] == 1
    assert found['gate_alerts_last_day{channel="slack",state="owed"}'] == 1
    assert found['gate_alerts_last_day{channel="slack",state="refused"}'] == 0


def test_nothing_waiting_has_no_age(site: Site) -> None:
    """An empty queue must not page anybody."""
    found = samples(site)

    assert found["gate_requests_undecided"] == 0
    assert found["gate_oldest_unanswered_seconds"] == 0
    assert found["gate_delivery_lag_seconds"] == 0
    assert found["gate_oldest_open_incident_seconds"] == 0
    assert found['gate_alert_outbox_seconds{channel="webhook"}'] == 0


def test_metrics_survive_the_database() -> None:
    """What is counted in memory is told even while nothing else can be."""
    site = Site(OfflineDatabase(RetryLater("database_busy")))
    site.deliver()

    found = samples(site)

    assert found['gate_deliveries_total{outcome="not_stored"}'] == 1
    assert "gate_requests_undecided" not in found


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_may_ask_with_head(site: Site, path: str) -> None:
    """Some load balancers do; the answer is the same without its body."""
    response = site.client.head(path)

    assert response.status_code == 200
    assert response.data == b""
