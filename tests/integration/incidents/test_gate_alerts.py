"""People hear of it when the gate itself cannot do its work."""

from __future__ import annotations

import json
from typing import Any

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault
from tests.support.alert_receiver import Receiver
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

POLICY = ".github/deployment-gate.yml"
MISNAMED = ".github/deployment-gate.yaml"
SOUND = "version: 1\nenvironments:\n  production-frontend: {validation: {}}\n"
BROKEN = SOUND.replace("validation", "evidence")
STAGING = SOUND.replace("production-frontend", "staging")


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    """List the alerts that were taken."""
    return [json.loads(it.body) for it in receiver.received]


def test_a_broken_policy_is_told_once(gate: Gate, receiver: Receiver) -> None:
    """With the line that is wrong, where the file is, and what waits; then that it is mended."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.github.put_file(REPOSITORY, POLICY, BROKEN)
    gate.settle()
    (told,) = heard(receiver)
    assert told["event"] == "Deployment Gate Policy Problem"
    assert told["severity"] == "critical"
    assert told["incidentUrl"].endswith(f"{REPOSITORY}/blob/HEAD/{POLICY}")
    assert any("line 3" in it for it in told["nextSteps"])
    assert f"gate policy check {POLICY}" in str(told["nextSteps"])
    run_id = gate.github.deploy(REPOSITORY).run_id
    for _ in range(3):
        gate.advance(minutes=30)
    assert gate.record(run_id).reasons == ("policy_invalid",)
    assert len(heard(receiver)) == 1
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    gate.advance(minutes=30)
    assert [it["event"] for it in heard(receiver)][1:] == ["Deployment Gate Policy Fixed"]
    gate.github.put_file(REPOSITORY, POLICY, BROKEN + "# again\n")
    gate.settle()
    assert [it["severity"] for it in heard(receiver)] == ["critical", "info", "critical"]


def test_a_policy_that_is_broken_again_as_it_was_is_told_again(
    gate: Gate, receiver: Receiver
) -> None:
    """Whoever heard that it was mended believes so; a revert brings back the same text."""
    gate.validate(REPOSITORY, "success")
    for text in (BROKEN, SOUND, BROKEN, SOUND, BROKEN):
        gate.github.put_file(REPOSITORY, POLICY, text)
        gate.settle()
        gate.advance(minutes=11)
    severities = [it["severity"] for it in heard(receiver)]
    assert severities == ["critical", "info", "critical", "info", "critical"]


def test_a_policy_at_a_path_that_is_nearly_right_is_told_and_so_is_its_end(
    gate: Gate, receiver: Receiver
) -> None:
    """It holds deployments as an invalid one does."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.github.put_file(REPOSITORY, MISNAMED, SOUND)
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    gate.advance(minutes=11)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("policy_invalid",)
    assert [it["event"] for it in heard(receiver)] == ["Deployment Gate Policy Problem"]
    gate.github.delete_file(REPOSITORY, MISNAMED)
    gate.settle()
    gate.advance(minutes=1)
    gate.advance(minutes=11)
    assert [it["event"] for it in heard(receiver)][1:] == ["Deployment Gate Policy Fixed"]


def test_a_policy_that_github_refuses_to_show_is_told_once(gate: Gate, receiver: Receiver) -> None:
    """As long as it is not read, a failed validation alerts nobody."""
    refusal = json.dumps({"message": "Resource not accessible by integration"})
    refused = gate.github.add_fault(Fault("/contents/", status=403, body=refusal))
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert heard(receiver) == []
    gate.advance(minutes=30)
    gate.advance(minutes=30)
    (told,) = heard(receiver)
    assert told["event"] == "Deployment Gate Policy Problem"
    assert told["severity"] == "critical"
    assert "Contents: read" in told["nextSteps"][0]
    gate.github.clear_faults(refused)
    gate.advance(hours=1)
    events = [it["event"] for it in heard(receiver)][1:]
    assert sorted(events) == ["Deployment Gate Policy Fixed", "Production Validation Failed"]


def test_a_broken_policy_of_an_organization_is_told_once_for_all(
    gate: Gate, receiver: Receiver
) -> None:
    """It speaks for every repository of the owner."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/.github", installation_id)
    gate.github.create_repository("octo-org/shop", installation_id)
    for name in (REPOSITORY, "octo-org/shop"):
        gate.validate(name, "success")
    gate.settle()
    gate.github.put_file("octo-org/.github", POLICY, BROKEN)
    gate.settle()
    assert [it["event"] for it in heard(receiver)] == ["Deployment Gate Policy Problem"]
    gate.github.put_file("octo-org/.github", POLICY, SOUND)
    gate.settle()
    events = [it["event"] for it in heard(receiver)]
    assert events.count("Deployment Gate Policy Fixed") == 1


def test_an_environment_that_the_policy_leaves_out_is_told_once(
    gate: Gate, receiver: Receiver
) -> None:
    """Once a deployment to it waits; another one is no news."""
    gate.github.put_file(REPOSITORY, POLICY, STAGING)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert heard(receiver) == []
    first = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    (told,) = heard(receiver)
    assert told["environment"] == ENVIRONMENT
    assert [it["runId"] for it in told["heldDeployments"]] == [first]
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.advance(minutes=30)
    assert len(heard(receiver)) == 1


def test_a_bypass_while_the_policy_is_broken_is_told(gate: Gate, receiver: Receiver) -> None:
    """It does not wait for the policy to be mended."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.github.put_file(REPOSITORY, POLICY, BROKEN)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.bypass("boss", run_id, ENVIRONMENT)
    gate.settle()
    gate.advance(seconds=45)
    assert "Deployment Gate Bypassed" in [it["event"] for it in heard(receiver)]


def test_an_answer_that_github_does_not_take_ends_once(gate: Gate, receiver: Receiver) -> None:
    """Nobody knows why; it is told once, and not adopted again every few minutes."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    unknown = Fault(
        "deployment_protection_rule$",
        method="POST",
        status=422,
        body=json.dumps({"message": "The moon is in the wrong quarter"}),
    )
    gate.github.add_fault(unknown)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.UNANSWERABLE
    for _ in range(4):
        gate.advance(minutes=16)
        gate.sweep()
    assert gate.record(run_id).state == RequestState.UNANSWERABLE
    (told,) = heard(receiver)
    assert (told["event"], told["runId"]) == ("Deployment Gate Answer Refused", run_id)
    refused = [it for it in gate.trail(run_id) if it.kind == "review.refused"]
    assert len(refused) == 1


def events(receiver: Receiver) -> list[str]:
    """Name the alerts that were taken."""
    return [it["event"] for it in heard(receiver)]


def test_a_red_environment_that_is_gated_again_pages_again(gate: Gate, receiver: Receiver) -> None:
    """A bad edit left it out for two minutes: nobody was told of a recovery, and nobody waits."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.advance(minutes=1)
    gate.github.put_file(REPOSITORY, POLICY, STAGING)
    gate.settle()
    gate.advance(minutes=2)
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    told = [it for it in heard(receiver) if it["environment"] == ENVIRONMENT]
    assert [(it["event"], it["severity"]) for it in told] == [
        ("Production Validation Failed", "critical"),
        ("Production Validation Incident Closed", "info"),
        ("Production Validation Failed", "critical"),
    ]


def test_a_red_validation_that_counts_again_is_told(gate: Gate, receiver: Receiver) -> None:
    """The policy named another workflow, which was green, and names the red one again."""
    gate.validate(REPOSITORY, "failure")
    gate.validate(REPOSITORY, "success", workflow="other.yml")
    gate.settle()
    other = SOUND.replace("{}", "{workflow: other.yml}")
    gate.github.put_file(REPOSITORY, POLICY, other)
    gate.settle()
    gate.advance(minutes=11)
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    assert events(receiver) == [
        "Production Validation Failed",
        "Production Validation Recovered",
        "Production Validation Failed",
    ]


def test_an_environment_that_is_left_out_again_is_told_again(
    gate: Gate, receiver: Receiver
) -> None:
    """By the same text; in between people were told that it is named."""
    gate.validate(REPOSITORY, "success")
    for text in (STAGING, SOUND, STAGING):
        gate.github.put_file(REPOSITORY, POLICY, text)
        gate.settle()
        gate.github.deploy(REPOSITORY)
        gate.settle()
        gate.advance(minutes=1)
    problem, mended = "Deployment Gate Policy Problem", "Deployment Gate Policy Fixed"
    assert events(receiver) == [problem, mended, problem]


def test_a_policy_that_is_broken_in_another_way_and_back(gate: Gate, receiver: Receiver) -> None:
    """The last message is about the problem that there is."""
    gate.validate(REPOSITORY, "success")
    for text in (BROKEN, BROKEN.replace("evidence", "proof"), BROKEN):
        gate.github.put_file(REPOSITORY, POLICY, text)
        gate.settle()
        gate.advance(minutes=11)
    assert len(heard(receiver)) == 3
    assert "evidence" in str(heard(receiver)[-1]["nextSteps"])


def test_a_bypass_while_github_refuses_the_policy_is_told(gate: Gate, receiver: Receiver) -> None:
    """None was ever read."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    refusal = json.dumps({"message": "Resource not accessible by integration"})
    gate.github.add_fault(Fault("/contents/", status=403, body=refusal))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.bypass("boss", run_id, ENVIRONMENT)
    gate.settle()
    gate.advance(minutes=1)
    assert "Deployment Gate Bypassed" in events(receiver)


def test_a_policy_that_github_fails_to_show_is_told(gate: Gate, receiver: Receiver) -> None:
    """After some ten minutes of 502, once."""
    gate.github.add_fault(Fault("/contents/", status=502))
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(20):
        gate.advance(seconds=15)
    assert heard(receiver) == []
    for _ in range(30):
        gate.advance(minutes=2)
    assert events(receiver) == ["Deployment Gate Policy Problem"]
