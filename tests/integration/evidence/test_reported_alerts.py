"""Alerts of workflow runs over real HTTP, beside the report of the same run."""

from __future__ import annotations

import requests

from gate.domain.model.ids import RepositoryId, RunId
from gate.store.reports.reports import MOST_ALERTS, read_alerts
from tests.integration.evidence.report_requests import (
    RED,
    SECONDS,
    VALIDATION,
    alert,
    flow,
    post,
    refused,
    report,
    start,
    stored,
    token,
)
from tests.support.harness import Gate


def test_an_alert_beside_the_report_is_no_conflict(gate: Gate) -> None:
    """Both actions run in one job; the alert may know less, and worsens what it knows."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    told = alert(flow("open-the-app.yml", "not_run"), flow("another.yml"))
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    (kept,) = stored(gate, run_id)
    assert {it.name: it.status.value for it in kept.flows} == {
        "open-the-app.yml": "not_run",
        "add-and-see.yml": "failed",
        "another.yml": "passed",
    }
    kinds = [it.kind for it in gate.trail(run_id)]
    assert kinds == ["report.received", "alert.received"]
    other = alert(flow("open-the-app.yml", "failed"))
    refused(post(gate, token(gate, run_id), other, "alerts"), 409, "alert_conflict")


def test_a_report_after_the_alert_is_no_conflict(gate: Gate) -> None:
    """The job that reports may be another one, and later; nothing said before gets better."""
    run_id = start(gate)
    told = alert(flow("open-the-app.yml", "failed"))
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    assert post(gate, token(gate, run_id), report()).status_code == 202
    assert post(gate, token(gate, run_id), report()).status_code == 202
    refused(post(gate, token(gate, run_id), RED), 409, "report_conflict")
    (kept,) = stored(gate, run_id)
    assert [it.name for it in kept.failed] == ["open-the-app.yml"]


def test_alerts_of_an_attempt_are_limited(gate: Gate) -> None:
    """Its report holds the flows of all of them; what is too much leaves nothing behind."""
    run_id = start(gate)
    tellings = [
        alert(flow(f"flow-{number}.yml", "failed"), event=f"event-{number}")
        for number in range(MOST_ALERTS)
    ]
    for told in tellings:
        assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    one_more = alert(flow("more.yml", "failed"), event="one-more")
    refused(post(gate, token(gate, run_id), one_more, "alerts"), 409, "too_many_alerts")
    assert post(gate, token(gate, run_id), tellings[0], "alerts").status_code == 202
    (kept,) = stored(gate, run_id)
    assert len(kept.flows) == MOST_ALERTS


def test_an_alert_without_flows_is_kept_for_itself(gate: Gate) -> None:
    """It begins no report."""
    run_id = start(gate)
    answered = post(gate, token(gate, run_id), alert(), "alerts")
    assert answered.status_code == 202
    assert stored(gate, run_id) == ()
    view = gate.github.run_view(run_id)
    key = RepositoryId(view.repository_id), RunId(run_id), 1
    (kept,) = gate.service.database.read(lambda it: read_alerts(it, *key))
    assert (kept.event, kept.workflow) == (
        "production-validation-failed",
        f".github/workflows/{VALIDATION}",
    )
    path = answered.json()["url"].removeprefix(gate.settings.public_url)
    shown = requests.get(f"{gate.url}{path}", timeout=SECONDS).json()
    assert (shown["report"], len(shown["alerts"])) == (None, 1)
