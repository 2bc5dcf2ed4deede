"""What jobs report does not multiply in the database, and what a decision rests on stays whole."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from sqlalchemy import make_url

from gate.domain.evidence.report_limits import MOST_FLOWS
from gate.store.reports.reports import MOST_ALERTS
from gate.web.limits import LONGEST_REPORT
from tests.integration.evidence.report_requests import alert, flow, post, start, token
from tests.integration.evidence.test_evidence_reports import deploy
from tests.support.harness import REPOSITORY, Gate

MIB: Final = 1024 * 1024
WORDS: Final = "Assertion failed: the list of exercises is not visible. "


def size(gate: Gate) -> int:
    """Return the bytes of the database file once all that was written is in it."""
    path = make_url(gate.settings.database_url.get_secret_value()).database or ""
    connection = sqlite3.connect(path)
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    assert not busy
    return Path(path).stat().st_size


def full_alert(number: int, names: str, status: str = "failed") -> dict[str, Any]:
    """Write an alert as long as one may be; `names` may have the alert's number in it."""
    event = f"validation-failed-{number}"
    error = (f"{number} {WORDS}" * 40)[:2000]
    flows: list[dict[str, Any]] = []
    left = LONGEST_REPORT - len(json.dumps(alert(flow(), event=event)))
    while True:
        name = names.format(alert=number, flow=len(flows))
        told = flow(name, status, error=error)
        left -= len(json.dumps(told)) + 2
        if left < 0:
            return alert(*flows, event=event)
        flows.append(told)


@pytest.mark.parametrize("names", ["{flow}.yml", "{alert}-{flow}.yml"], ids=["same", "others"])
def test_twenty_long_alerts_add_less_than_ten_mebibytes(gate: Gate, names: str) -> None:
    """All of them on one attempt, each decided on and told of, whatever their flows are called."""
    validation = start(gate)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    run_id = deploy(gate)
    before = size(gate)
    for number in range(MOST_ALERTS):
        body = full_alert(number, names)
        assert len(json.dumps(body)) > 0.99 * MIB
        assert post(gate, token(gate, validation), body, "alerts").status_code == 202
        gate.advance(minutes=1)
    assert size(gate) - before < 10 * MIB

    shown = requests.get(f"{gate.url}/api/v1/requests/{gate.record(run_id).id}", timeout=30)
    evidence = shown.json()["evidence"]
    kept, left_out = evidence["report"]["flows"], evidence["report"]["left_out"]
    assert len(kept) <= MOST_FLOWS
    assert len(kept) + left_out["failed"] > 400
    assert len(shown.content) < MIB


def test_alerts_that_make_each_flow_worse_add_no_more(gate: Gate) -> None:
    """The report of the attempt differs after each of them, and each version is kept."""
    validation = start(gate)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    deploy(gate)
    before = size(gate)
    for number in range(MOST_ALERTS):
        passing = [flow(f"flow-{at}.yml", error="x" * 2000) for at in range(500)]
        worse = [flow(f"flow-{at}.yml", "failed", error="y" * 2000) for at in range(number * 20)]
        body = alert(*worse, *passing[len(worse) :], event=f"validation-failed-{number}")
        artifacts = [f"https://github.com/{number}/{at}/{'z' * 1900}" for at in range(10)]
        while len(json.dumps(body | {"artifactUrls": artifacts})) > LONGEST_REPORT:
            flows: Any = body["flows"]
            flows.pop()
        body |= {"artifactUrls": artifacts}
        assert post(gate, token(gate, validation), body, "alerts").status_code == 202
        gate.advance(minutes=1)
    assert size(gate) - before < 10 * MIB


def test_a_held_rerun_keeps_each_report_once(gate: Gate) -> None:
    """Decisions on several requests rest on one report, which is kept once beside them."""
    validation = start(gate)
    gate.github.complete_run(validation, "failure")
    body = full_alert(1, "{flow}.yml")
    assert post(gate, token(gate, validation), body, "alerts").status_code == 202
    gate.settle()
    deploy(gate)
    before = size(gate)
    for _ in range(10):
        deploy(gate)
    assert size(gate) - before < MIB
    assert len([it for it in gate.records() if it.reasons == ("validation_failed",)]) == 11
    assert REPOSITORY in {it.repository for it in gate.records()}
