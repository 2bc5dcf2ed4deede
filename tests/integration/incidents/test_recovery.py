"""How an incident ends, and which failure opens another one."""

from __future__ import annotations

from gate.domain.incidents.events import Resolution
from gate.domain.model.course import Course
from gate.reconciler.incidents.check import check_incidents
from tests.integration.incidents.incident_steps import act, heard, incident, report, summaries
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, Gate


def test_a_failure_after_a_told_recovery_pages_again(gate: Gate, receiver: Receiver) -> None:
    """Whoever acknowledged the first has turned to something else since."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    act(gate, "acknowledged")
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(minutes=11)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    keys = ["incident/1/page", "incident/1/recovery/1", "incident/1/page/2"]
    assert summaries(receiver) == keys
    assert incident(gate).incident.acknowledged is None
    gate.advance(minutes=16)
    assert summaries(receiver)[-1] == "incident/1/escalation/acknowledge/2"
    assert heard(receiver)[-1]["severity"] == "critical"


def test_a_flapping_validation_pages_once(gate: Gate, receiver: Receiver) -> None:
    """It is one incident, reopened within the hour."""
    for _ in range(4):
        gate.validate(REPOSITORY, "failure")
        gate.settle()
        gate.validate(REPOSITORY, "success")
        gate.settle()
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]
    assert incident(gate).incident.reopenings == 3


def test_a_failure_after_an_hour_is_another_incident(gate: Gate, receiver: Receiver) -> None:
    """And it pages again."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(hours=1, minutes=1)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert summaries(receiver)[-1] == "incident/2/page"


def test_accepting_the_risk_ends_it_and_the_gate_stays_closed(
    gate: Gate, receiver: Receiver
) -> None:
    """Only an override releases a deployment."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    act(gate, "decided", Course.ACCEPT_RISK, "only the imprint is broken")
    gate.advance(hours=5)
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]
    assert gate.answers(run_id) == []


def test_a_recovery_is_about_the_run_that_passed(gate: Gate, receiver: Receiver) -> None:
    """It lists no failed flow, and no deployment that goes on."""
    failed = gate.validate(REPOSITORY, "failure")
    gate.settle()
    report(gate, failed, "pay.yml")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    passed = gate.validate(REPOSITORY, "success")
    # The incident is looked at before the deployment is let go on.
    gate.room = 0
    gate.ingest_deliveries()
    check_incidents(incident(gate).incident.place.repository_id, gate.service.deps)
    gate.settle()
    recovery = heard(receiver)[-1]
    assert recovery["event"] == "Production Validation Recovered"
    assert recovery["runId"] == passed
    assert recovery["githubJobUrl"].endswith(f"/actions/runs/{passed}")
    assert recovery["headSha"] == gate.github.run_view(passed).head_sha
    assert (recovery["failedFlows"], recovery["artifactUrls"]) == ([], [])
    assert recovery["heldDeployments"] == []
    assert not any("Acknowledge" in step or "logs" in step for step in recovery["nextSteps"])


def test_an_end_by_hand_lists_what_stays_held(gate: Gate, receiver: Receiver) -> None:
    """The validation is still red: the message links it."""
    failed = gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    act(gate, "resolved", "a false alarm")
    ended = heard(receiver)[-1]
    assert ended["runId"] == failed
    assert [it["runId"] for it in ended["heldDeployments"]] == [run_id]


def test_an_environment_that_is_gated_no_more_has_no_incident(
    gate: Gate, receiver: Receiver
) -> None:
    """Nobody validates it any more, so nothing could ever end it; people are told."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    policy = "version: 1\nenvironments: {staging: {validation: {workflow: other.yml}}}\n"
    gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", policy)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert incident(gate).incident.how is Resolution.NOT_GATED
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]
