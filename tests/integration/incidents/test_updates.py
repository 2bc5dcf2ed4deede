"""What is sent while an incident is open: updates, reminders and bypasses."""

from __future__ import annotations

from datetime import timedelta

from gate.domain.incidents.events import Resolution
from gate.domain.model.course import Course
from gate.domain.model.deliveries import InstallationSeen, InstallationStatus
from gate.store.github.repositories import read_repository, record_installation
from tests.integration.incidents.incident_steps import (
    act,
    heard,
    incident,
    report,
    summaries,
    timeline,
)
from tests.support.alert_receiver import Receiver
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def test_from_red_to_resolved_with_restarts_between_all_steps(
    gate: Gate, receiver: Receiver
) -> None:
    """The clock runs on, and nothing is said twice."""
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    gate.restart()
    gate.settle()
    for minutes in (14, 2, 30, 16):
        gate.restart()
        gate.advance(minutes=minutes)
    act(gate, "acknowledged")
    gate.restart()
    act(gate, "decided", Course.ROLLBACK, "the last apply broke it")
    gate.restart()
    gate.advance(hours=4)
    gate.restart()
    gate.validate(REPOSITORY, "success")
    gate.github.wait_until_delivered()
    gate.restart()
    gate.settle()
    gate.restart()
    gate.advance(days=2)
    assert summaries(receiver) == [
        "incident/1/page",
        "incident/1/escalation/acknowledge",
        "incident/1/escalation/decide",
        "incident/1/reminder/1",
        "incident/1/recovery/1",
    ]
    assert timeline(gate) == ["opened", "alerted", "acknowledged", "decided", "resolved"]
    assert incident(gate).incident.how is Resolution.VALIDATION_PASSED


def test_flows_that_are_reported_later_are_news(gate: Gate, receiver: Receiver) -> None:
    """They come in one update, with the Terraform deployment and the artifacts."""
    run_id = gate.validate(REPOSITORY, "failure")
    gate.settle()
    report(gate, run_id, "login.yml", "pay.yml")
    gate.advance(minutes=5)
    assert summaries(receiver) == ["incident/1/page", "incident/1/update/1"]
    update = heard(receiver)[1]
    assert [it["flowName"] for it in update["failedFlows"]] == ["login.yml", "pay.yml"]
    assert update["terraformDeploymentId"] == "deploy-12345"
    assert update["artifactUrls"] == ["https://github.example/artifacts/1"]


def test_a_silence_is_kept(gate: Gate, receiver: Receiver) -> None:
    """Until its end."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    until = gate.service.deps.clock() + timedelta(hours=3)
    act(gate, "silenced", until, "known, the vendor is at it")
    gate.advance(hours=2, minutes=59)
    assert summaries(receiver) == ["incident/1/page"]
    gate.advance(minutes=2)
    assert summaries(receiver)[1:] == ["incident/1/escalation/decide"]


def test_a_bypass_is_told(gate: Gate, receiver: Receiver) -> None:
    """Within the incident, and with the page of the run that was let go on."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
    gate.settle()
    gate.advance(minutes=1)
    bypassed = [it for it in heard(receiver) if it["event"] == "Deployment Gate Bypassed"]
    assert [it["runId"] for it in bypassed] == [run_id]
    assert "bypassed" in timeline(gate)


def set_installation(gate: Gate, status: InstallationStatus) -> None:
    """Let GitHub say what has become of the installation of the incident's repository."""
    place, database = incident(gate).incident.place, gate.service.database
    repository = database.read(lambda it: read_repository(it, place.repository_id))
    assert repository is not None
    seen = InstallationSeen(place.installation_id, repository.owner, status, (), ())
    database.transact(lambda tx: record_installation(tx, seen, gate.service.deps.clock()))


def test_nothing_is_said_while_the_app_is_not_at_work(gate: Gate, receiver: Receiver) -> None:
    """Nobody could end the incident, so it must not remind for ever; later it goes on."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for status in (InstallationStatus.SUSPENDED, InstallationStatus.ACTIVE):
        before = len(receiver.received)
        set_installation(gate, status)
        gate.advance(hours=10)
        gate.settle()
        said = len(receiver.received) - before
        assert (said > 0) is (status is InstallationStatus.ACTIVE)


def test_two_bypasses_are_told_in_one_look(gate: Gate, receiver: Receiver) -> None:
    """Both are in the timeline of the one incident, and its look comes to an end."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.validate(REPOSITORY, "failure")
    run_ids = [gate.github.deploy(REPOSITORY).run_id for _ in range(2)]
    gate.settle()
    for run_id in run_ids:
        gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
    gate.settle()
    gate.advance(minutes=1)
    bypassed = [it for it in heard(receiver) if it["event"] == "Deployment Gate Bypassed"]
    assert sorted(it["runId"] for it in bypassed) == run_ids
    assert timeline(gate).count("bypassed") == 2


def test_an_override_is_in_the_timeline(gate: Gate) -> None:
    """It releases the deployment; the incident goes on."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.advance(60)
    gate.github.review_as(
        "carol", run_id, ENVIRONMENT, "approved", "I accept the risk: only the imprint is broken"
    )
    gate.settle()
    assert incident(gate).incident.is_open
    assert timeline(gate)[-1] == "overridden"
