"""Reports of workflow runs over real HTTP: which the gate stores, and what they change."""

from __future__ import annotations

import threading

import pytest
import requests

from gate.domain.model.reports import FlowStatus
from tests.integration.evidence.report_requests import (
    RED,
    SECONDS,
    flow,
    post,
    refused,
    report,
    start,
    stored,
    token,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.rows import due_ids


def test_a_report_is_kept_and_shown(gate: Gate) -> None:
    """Its answer names the record, which this machine may read; the trail has it, GitHub not."""
    run_id = start(gate)
    gate.settle()
    calls = gate.github.totals().requests
    answered = post(gate, token(gate, run_id), RED)
    assert answered.status_code == 202
    view = gate.github.run_view(run_id)
    path = f"/api/v1/validations/{view.repository_id}/{run_id}/1"
    assert answered.json() == {"url": f"{gate.settings.public_url}{path}"}
    assert answered.headers["Location"] == answered.json()["url"]
    shown = requests.get(f"{gate.url}{path}", timeout=SECONDS).json()
    assert [it["status"] for it in shown["report"]["flows"]] == ["passed", "failed"]
    assert shown["alerts"] == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "report.received"]
    assert entry.detail["flows"] == {"passed": 1, "failed": 1}
    assert gate.github.totals().requests == calls


@pytest.mark.parametrize("when", ["before", "after", "twice", "never"])
def test_the_order_of_report_and_webhook_does_not_matter(gate: Gate, when: str) -> None:
    """Whether its own webhook comes before or after, or never, the same report is kept."""
    run_id = start(gate, silent=when == "never")
    if when != "before":
        gate.settle()
    posts = 2 if when == "twice" else 1
    for _ in range(posts):
        assert post(gate, token(gate, run_id), RED).status_code == 202
    if when != "never":
        gate.github.complete_run(run_id, "failure")
    gate.settle()
    (kept,) = stored(gate, run_id)
    assert [(it.name, it.status) for it in kept.flows] == [
        ("open-the-app.yml", FlowStatus.PASSED),
        ("add-and-see.yml", FlowStatus.FAILED),
    ]
    assert (kept.run_attempt, kept.terraform_deployment_id) == (1, "deploy-12345")
    assert [it.kind for it in gate.trail(run_id)].count("report.received") == 1


def test_another_report_for_the_attempt_is_a_conflict(gate: Gate) -> None:
    """The first stands; a re-run is another attempt, and has one of its own."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    refused(post(gate, token(gate, run_id), report()), 409, "report_conflict")
    gate.github.complete_run(run_id, "failure")
    gate.github.rerun(run_id)
    assert post(gate, token(gate, run_id), report()).status_code == 202
    assert [(it.run_attempt, len(it.failed)) for it in stored(gate, run_id)] == [(1, 1), (2, 0)]


def test_two_reports_at_once(gate: Gate) -> None:
    """Of two different ones one is kept and the other is a conflict."""
    run_id = start(gate)
    bodies = [RED, report()]
    tokens = [token(gate, run_id) for _ in bodies]
    statuses: list[int] = []
    barrier = threading.Barrier(len(bodies))

    def send(given: str, body: object) -> None:
        barrier.wait(SECONDS)
        statuses.append(post(gate, given, body).status_code)

    threads = [
        threading.Thread(target=send, args=each) for each in zip(tokens, bodies, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(statuses) == [202, 409]
    assert len(stored(gate, run_id)) == 1


def test_a_report_wakes_what_waits_for_its_workflow(gate: Gate) -> None:
    """A held request is due at once, in the commit of the report."""
    gate.validate(REPOSITORY, "failure")
    deployed = gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    run_id = start(gate)
    gate.settle()
    woken, database = gate.service.queues.requests, gate.service.database
    before, now = len(woken), gate.service.deps.clock()
    assert database.read(lambda it: due_ids(it, now, 10)) == []
    assert post(gate, token(gate, run_id), RED).status_code == 202
    assert len(woken) == before + 1
    now = gate.service.deps.clock()
    assert database.read(lambda it: due_ids(it, now, 10)) == [gate.record(deployed.run_id).id]
    gate.settle()
    assert gate.record(deployed.run_id).state == "waiting"


def test_a_bad_body_is_explained(gate: Gate) -> None:
    """Every problem is listed with its place and what to write; the token is not used up."""
    run_id = start(gate)
    given = token(gate, run_id)
    body = report(flow(status="green"), {"flowName": ""}, jobUrl="http://example.com/", more=1)
    document = refused(post(gate, given, body), 422, "invalid_body")
    listed = {it["path"]: it["message"] for it in document["problems"]}
    assert set(listed) == {
        "jobUrl",
        "flows[0].status",
        "flows[1].flowName",
        "flows[1].status",
        "flows[1].exitCode",
        "more",
    }
    assert "'passed'" in listed["flows[0].status"]
    assert post(gate, given, RED).status_code == 202
