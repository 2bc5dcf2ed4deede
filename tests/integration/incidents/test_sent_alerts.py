"""A job that sends an alert reaches people, whatever its report says and however its run ends."""

from __future__ import annotations

import json
from typing import Any

from gate.domain.model.ids import IncidentId
from gate.store.incidents import incidents
from tests.integration.evidence.report_requests import alert, flow, post, start, token
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, Gate


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    """List the alerts that were taken."""
    return [json.loads(it.body) for it in receiver.received]


def send(gate: Gate, run_id: int, *flows: dict[str, Any]) -> str:
    """Let the run's job send an alert; give what it is told."""
    answer = post(gate, token(gate, run_id), alert(*flows), "alerts")
    assert answer.status_code == 202
    gate.settle()
    return str(answer.json()["peopleAreAlerted"])


def test_an_alert_without_flows_on_a_run_that_ends_green_pages(
    gate: Gate, receiver: Receiver
) -> None:
    """When the run has ended, and it says so; nothing is held."""
    run_id = start(gate)
    assert send(gate, run_id) == "when_the_run_has_ended"
    assert heard(receiver) == []
    gate.github.complete_run(run_id, "success")
    deployed = gate.github.deploy(REPOSITORY).run_id
    gate.settle()

    (page,) = heard(receiver)
    assert (page["event"], page["severity"]) == ("Production Validation Failed", "critical")
    assert page["terraformDeploymentId"] == "deploy-12345"
    assert any("the run passed" in step for step in page["nextSteps"])
    assert [it.state for it in gate.answers(deployed)] == ["approved"]
    (issue,) = gate.github.issues_of(REPOSITORY)
    assert "although the run ended with success" in issue.body.replace("\u200b", "")
    assert "deployments are not held" in issue.body


def test_what_an_alert_opened_is_over_with_the_next_green_run(
    gate: Gate, receiver: Receiver
) -> None:
    """The green of its own run ends nothing, however often it is looked at."""
    run_id = start(gate)
    send(gate, run_id)
    gate.github.complete_run(run_id, "success")
    gate.settle()
    gate.advance(minutes=10)
    found = gate.service.database.read(lambda it: incidents.read_incident(it, IncidentId(1)))
    assert found is not None
    assert found.incident.is_open
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert heard(receiver)[-1]["event"] == "Production Validation Recovered"


def test_an_alert_without_flows_on_a_red_run_is_one_page_with_its_change(
    gate: Gate, receiver: Receiver
) -> None:
    """The first page has the Terraform deployment that the job named."""
    run_id = start(gate)
    send(gate, run_id)
    gate.github.complete_run(run_id, "failure")
    gate.settle()
    gate.advance(minutes=10)
    (page,) = heard(receiver)
    assert page["terraformDeploymentId"] == "deploy-12345"


def test_an_alert_with_a_failed_flow_pages_at_once(gate: Gate, receiver: Receiver) -> None:
    """Before the run has ended."""
    run_id = start(gate)
    assert send(gate, run_id, flow("pay.yml", "failed")) == "at_once"
    gate.advance(seconds=2)
    (page,) = heard(receiver)
    assert [it["flowName"] for it in page["failedFlows"]] == ["pay.yml"]
    assert page["terraformDeploymentId"] == "deploy-12345"


def test_an_alert_of_a_run_that_does_not_count_pages_nobody(gate: Gate, receiver: Receiver) -> None:
    """A validation of another branch says nothing about production."""
    run_id = start(gate, branch="feature")
    send(gate, run_id)
    gate.github.complete_run(run_id, "success")
    gate.settle()
    assert heard(receiver) == []
