"""What the jobs of a validation report decides with it, in whatever order it comes."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from gate.domain.model.ids import IncidentId
from gate.domain.model.request import RequestState
from gate.store.incidents.incidents import read_incident
from tests.integration.evidence.report_requests import (
    RED,
    SECONDS,
    alert,
    flow,
    post,
    report,
    start,
    token,
)
from tests.integration.overrides.override_steps import WHY, comment, released
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.markdown import shown as rendered


def deploy(gate: Gate) -> int:
    """Deploy, and let the gate come to rest."""
    run_id = gate.github.deploy(REPOSITORY, ENVIRONMENT).run_id
    gate.settle()
    return run_id


def tell(gate: Gate, run_id: int, body: object) -> None:
    """Report as a job of the run."""
    assert post(gate, token(gate, run_id), body).status_code == 202


def validated(gate: Gate, body: object, conclusion: str = "success") -> int:
    """Run a validation that reports and ends."""
    run_id = start(gate)
    tell(gate, run_id, body)
    gate.github.complete_run(run_id, conclusion)
    gate.settle()
    return run_id


def comments(gate: Gate, run_id: int) -> list[str]:
    """List what GitHub was told of a run, without what keeps it harmless."""
    told = [it.comment or "" for it in gate.reports(run_id)]
    return [rendered(it) for it in told]


def shown(gate: Gate, path: str) -> Any:
    """Read what the API shows on this machine."""
    return requests.get(f"{gate.url}/api/v1/requests{path}", timeout=SECONDS).json()


@pytest.mark.parametrize("when", ["before", "after", "twice", "never"])
@pytest.mark.parametrize("conclusion", ["success", "failure"])
def test_the_order_of_report_and_webhook_does_not_matter(
    gate: Gate, when: str, conclusion: str
) -> None:
    """A report holds whether the run's own webhook comes before it, after it, or never."""
    validation = start(gate, silent=when == "never")
    if when == "after":
        gate.github.complete_run(validation, conclusion)
        gate.settle()
    for _ in range(2 if when == "twice" else 1):
        tell(gate, validation, RED)
    if when != "after":
        gate.github.complete_run(validation, conclusion)
    gate.settle()

    run_id = deploy(gate)
    record = gate.record(run_id)
    assert (record.state, record.reasons) == (RequestState.WAITING, ("validation_failed",))
    (comment,) = comments(gate, run_id)
    assert "failed: add-and-see.yml: Assertion failed" in comment


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        (["passed", "warned", "flaky"], "validation_passed"),
        (["passed", "failed"], "validation_failed"),
        (["passed", "not_run"], "validation_inconclusive"),
    ],
)
def test_a_green_run_by_its_flows(gate: Gate, flows: list[str], reason: str) -> None:
    """Only flows that all passed let a green run count as one."""
    validated(gate, report(*(flow(f"{it}.yml", it) for it in flows)))
    run_id = deploy(gate)
    assert gate.record(run_id).reasons == (reason,)
    assert len(gate.answers(run_id)) == (reason == "validation_passed")


def test_a_green_report_does_not_save_a_red_run(gate: Gate) -> None:
    """What GitHub says of the run decides."""
    validated(gate, report(), "failure")
    assert gate.record(deploy(gate)).reasons == ("validation_failed",)


def test_a_pass_with_notes_says_so(gate: Gate) -> None:
    """The approval names the flaky flow."""
    validated(gate, report(flow(), flow("shaky.yml", "flaky", attempts=2)))
    (answer,) = gate.answers(deploy(gate))
    told = rendered(answer.comment or "")
    assert answer.state == "approved"
    assert "flaky: shaky.yml (2 attempts)" in told


def test_a_report_that_comes_later_is_told_once(gate: Gate) -> None:
    """A failed run holds; its flows are one more status report, and further flows are none."""
    validation = start(gate)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    run_id = deploy(gate)
    assert len(comments(gate, run_id)) == 1

    tell(gate, validation, RED)
    gate.settle()
    plain, flows = comments(gate, run_id)
    assert "add-and-see.yml" not in plain
    assert "failed: add-and-see.yml: Assertion failed" in flows
    assert "Terraform deployment deploy-12345" in flows

    more = alert(flow("another.yml", "failed"))
    assert post(gate, token(gate, validation), more, "alerts").status_code == 202
    gate.settle()
    gate.advance(minutes=6)
    assert len(comments(gate, run_id)) == 2


def test_new_failures_stand_before_old_ones(gate: Gate) -> None:
    """The report before it, of whichever run, says which failures are old."""
    first = validated(gate, report(flow("old.yml", "failed")), "failure")
    gate.validate(REPOSITORY, "failure")
    both = report(flow("old.yml", "failed"), flow("new.yml", "failed", error="Not visible"))
    validated(gate, both, "failure")
    run_id = deploy(gate)
    (comment,) = comments(gate, run_id)
    old = f"still failing (also in run {first}, attempt 1): old.yml"
    assert f"newly failing: new.yml: Not visible\n{old}" in comment


def test_the_record_shows_flows_and_their_context(gate: Gate) -> None:
    """A single request has the report its evidence rests on; a list is spared it."""
    artifact = "https://github.com/octo-org/frontend/actions/runs/1/artifacts/2"
    validated(gate, {**RED, "artifactUrls": [artifact]})
    request_id = gate.record(deploy(gate)).id
    evidence = shown(gate, f"/{request_id}")["evidence"]
    told = evidence["report"]
    assert [(it["name"], it["status"]) for it in told["flows"]] == [
        ("open-the-app.yml", "passed"),
        ("add-and-see.yml", "failed"),
    ]
    assert (told["terraform_deployment_id"], told["artifact_urls"]) == ("deploy-12345", [artifact])
    assert [it["name"] for it in evidence["comparison"]["newly_failing"]] == ["add-and-see.yml"]
    (item,) = shown(gate, "")["items"]
    assert item["evidence"]["state"] == "failed"
    assert not {"report", "comparison"} & set(item["evidence"])


def test_reports_cost_no_call(gate: Gate) -> None:
    """What was reported is in the database: a hold by a report costs its status report only."""
    validated(gate, RED)
    deploy(gate)
    gate.github.reset_totals()
    deploy(gate)
    assert sum(gate.github.totals().requests.values()) == 1


def test_a_green_rerun_releases(gate: Gate) -> None:
    """Another attempt has a report of its own."""
    validation = validated(gate, RED)
    run_id = deploy(gate)
    gate.github.rerun(validation)
    tell(gate, validation, report(flow("add-and-see.yml")))
    gate.github.complete_run(validation, "success")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_an_override_from_before_the_report_does_not_count(gate: Gate) -> None:
    """It was no word on a failure that nobody knew; one given afterwards is."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = start(gate)
    run_id = deploy(gate)
    gate.github.advance(60)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.advance(60)
    tell(gate, validation, RED)
    gate.github.complete_run(validation, "success")
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed", "override_incomplete")
    assert "it was given before or just as this hold began" in comments(gate, run_id)[-1]

    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert released(gate, run_id)
    (answer,) = gate.answers(run_id)
    assert "failed: add-and-see" in rendered(answer.comment or "")


def test_an_incident_stands_by_the_flows(gate: Gate) -> None:
    """A green run whose report names a failed flow opens one; only green flows end it."""
    validation = validated(gate, RED)
    record = gate.service.database.read(lambda it: read_incident(it, IncidentId(1)))
    assert record is not None
    assert [it.flow_name for it in record.incident.failure.flows] == ["add-and-see.yml"]
    gate.github.rerun(validation)
    tell(gate, validation, report(flow("add-and-see.yml")))
    gate.github.complete_run(validation, "success")
    gate.settle()
    record = gate.service.database.read(lambda it: read_incident(it, IncidentId(1)))
    assert record is not None
    assert not record.incident.is_open


@pytest.mark.parametrize("holds", ["stale", "inconclusive"])
def test_a_known_red_that_waits_for_itself_is_red(gate: Gate, holds: str) -> None:
    """Another of its jobs waits at the gate; what may not be overridden still may not."""
    gate.github.put_file(
        REPOSITORY,
        ".github/deployment-gate.yml",
        "version: 1\nenvironments:\n  production-frontend:\n"
        f"    validation: {{}}\n    override: {{holds: [{holds}]}}\n",
    )
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = start(gate)
    tell(gate, validation, RED)
    gate.settle()
    gate.github.reach_environment(validation, ENVIRONMENT, "cleanup")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)
    gate.github.advance(60)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert gate.answers(run_id) == []
