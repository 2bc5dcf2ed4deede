"""However the gate learns that the newest validation is red, people hear of it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from gate.simulator.faults import Fault, WebhookFault
from gate.store.engine.tables.incidents import incident_checks
from tests.integration.incidents.incident_steps import summaries
from tests.support.alert_receiver import Receiver
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

POLICY = ".github/deployment-gate.yml"
ORGANIZATION = "octo-org/.github"
SOUND = """\
version: 1
environments:
  production-frontend:
    validation: {workflow: production-validation.yml}
"""
BROKEN = SOUND.replace("workflow:", "no_such_key:")
BOTH = SOUND + "  staging:\n    validation: {workflow: staging-validation.yml}\n"


def pages(receiver: Receiver) -> list[str]:
    """List the pages that were taken."""
    return [it for it in summaries(receiver) if it.startswith("incident/") and "page" in it]


def generation(gate: Gate) -> int:
    """Count what has made the repository's incidents due for a look."""
    query = select(incident_checks.c.generation)
    found: int = gate.service.database.read(lambda it: it.execute(query).scalar_one())
    return found


def lose_everything(gate: Gate) -> int:
    """Let GitHub send nothing, and log nothing."""
    return gate.github.add_webhook_fault(WebhookFault("lose"))


def a_minute_later(gate: Gate) -> None:
    """Let one round of the sweep pass, and what comes due by then."""
    gate.advance(minutes=1)
    gate.sweep()


def test_a_red_run_that_only_a_listing_shows(gate: Gate, receiver: Receiver) -> None:
    """Its webhook is lost; a deployment makes the gate list the runs."""
    lost = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_a_red_run_of_which_nothing_is_heard(gate: Gate, receiver: Receiver) -> None:
    """Nothing waits, and no webhook comes: a look at the repository finds it."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    lose_everything(gate)
    gate.validate(REPOSITORY, "failure")
    a_minute_later(gate)
    a_minute_later(gate)
    assert len(pages(receiver)) == 1


def test_an_empty_database(gate: Gate, receiver: Receiver) -> None:
    """After a move the newest validation is red already, by a workflow that the policy names."""
    lost = lose_everything(gate)
    gate.github.put_file(REPOSITORY, POLICY, SOUND.replace("production-validation", "flows"))
    gate.validate(REPOSITORY, "failure", workflow="flows.yml")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.sweep()
    assert len(pages(receiver)) == 1
    a_minute_later(gate)
    a_minute_later(gate)
    assert len(pages(receiver)) == 1


def test_red_while_the_policy_is_broken(gate: Gate, receiver: Receiver) -> None:
    """Nobody can be told then; once it is mended they are, although nothing else happens."""
    gate.github.put_file(REPOSITORY, POLICY, BROKEN)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert pages(receiver) == []
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_an_organizations_policy_is_mended(gate: Gate, receiver: Receiver) -> None:
    """It speaks for every repository of the owner."""
    gate.github.create_repository(ORGANIZATION, next(iter(gate.github.world.installations)))
    gate.github.put_file(ORGANIZATION, POLICY, BROKEN)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert pages(receiver) == []
    gate.github.put_file(ORGANIZATION, POLICY, SOUND)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_a_mended_policy_whose_push_is_lost(gate: Gate, receiver: Receiver) -> None:
    """The look that was set aside comes back by itself once a deployment has it read."""
    gate.github.put_file(REPOSITORY, POLICY, BROKEN)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    lost = lose_everything(gate)
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.advance(minutes=11)
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_an_environment_that_the_policy_gates_from_now_on(gate: Gate, receiver: Receiver) -> None:
    """Its validation has been red for a while."""
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.validate(REPOSITORY, "success")
    gate.validate(REPOSITORY, "failure", workflow="staging-validation.yml")
    gate.settle()
    assert pages(receiver) == []
    gate.github.put_file(REPOSITORY, POLICY, BOTH)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_red_while_github_does_not_show_the_policy(gate: Gate, receiver: Receiver) -> None:
    """It may have changed; until it is read, whom to call is as it was read last."""
    gate.github.put_file(REPOSITORY, POLICY, SOUND.replace("production-validation", "flows"))
    gate.validate(REPOSITORY, "success", workflow="flows.yml")
    gate.settle()
    failing = gate.github.add_fault(Fault("/contents/", status=502))
    gate.github.put_file(REPOSITORY, POLICY, SOUND.replace("production-validation", "flows") + "#")
    gate.validate(REPOSITORY, "failure", workflow="flows.yml")
    gate.settle()
    gate.advance(seconds=3)  # it is held for the incident's issue, which needs the policy
    assert len(pages(receiver)) == 1
    gate.advance(minutes=16)
    assert summaries(receiver)[1:] == ["incident/1/escalation/acknowledge"]
    gate.github.clear_faults(failing)
    gate.advance(minutes=10)
    assert len(pages(receiver)) == 1
    gate.validate(REPOSITORY, "success", workflow="flows.yml")
    gate.settle()
    assert summaries(receiver)[2:] == ["incident/1/recovery/1"]


def test_red_while_github_does_not_show_the_jobs_of_another_environment(
    gate: Gate, receiver: Receiver
) -> None:
    """The green run that cannot be judged without its jobs holds up nothing else."""
    jobs = "{workflow: production-validation.yml, required_jobs: [ios]}"
    policy = BOTH.replace("{workflow: production-validation.yml}", jobs)
    gate.github.put_file(REPOSITORY, POLICY, policy)
    gate.settle()
    gate.github.add_fault(Fault("/jobs$", status=502))
    gate.validate(REPOSITORY, "success")
    gate.validate(REPOSITORY, "failure", workflow="staging-validation.yml")
    gate.settle()
    assert len(pages(receiver)) == 1


def test_a_server_whose_policy_gates_one_more_environment(
    gate: Gate, receiver: Receiver, tmp_path: Path
) -> None:
    """The server starts anew with another file; a start with the same one brings no look."""
    gate.validate(REPOSITORY, "success")
    gate.validate(REPOSITORY, "failure", workflow="staging-validation.yml")
    gate.settle()
    assert pages(receiver) == []
    (tmp_path / "policy.yml").write_text(BOTH)
    gate.settings = gate.settings.model_copy(update={"policy_file": tmp_path / "policy.yml"})
    gate.restart()
    gate.settle()
    assert len(pages(receiver)) == 1
    looks = generation(gate)
    gate.restart()
    gate.settle()
    assert generation(gate) == looks


def test_an_environment_whose_validation_was_never_heard_of(gate: Gate, receiver: Receiver) -> None:
    """Its runs were of no interest when they were listed."""
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    lost = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    gate.validate(REPOSITORY, "failure", workflow="staging-validation.yml")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    gate.github.put_file(REPOSITORY, POLICY, BOTH)
    gate.settle()
    a_minute_later(gate)
    a_minute_later(gate)
    assert len(pages(receiver)) == 1


def test_an_installation_that_is_at_work_again(gate: Gate, receiver: Receiver) -> None:
    """It turned red while the App was suspended: GitHub sent nothing."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.sweep()
    installation_id = next(iter(gate.github.world.installations))
    gate.github.suspend_installation(installation_id)
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    a_minute_later(gate)
    assert pages(receiver) == []
    gate.github.unsuspend_installation(installation_id)
    gate.settle()
    a_minute_later(gate)
    a_minute_later(gate)
    assert len(pages(receiver)) == 1


def test_red_was_known_when_the_app_was_suspended(gate: Gate, receiver: Receiver) -> None:
    """The look was set aside before it was made."""
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    installation_id = next(iter(gate.github.world.installations))
    gate.github.suspend_installation(installation_id)
    gate.settle()
    assert pages(receiver) == []
    gate.github.unsuspend_installation(installation_id)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_red_was_known_when_the_repository_was_removed(gate: Gate, receiver: Receiver) -> None:
    """It is added to the installation again, and nothing else is heard of it."""
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    installation_id = next(iter(gate.github.world.installations))
    gate.github.remove_repository(installation_id, REPOSITORY)
    gate.settle()
    assert pages(receiver) == []
    gate.github.add_repository(installation_id, REPOSITORY)
    gate.settle()
    assert len(pages(receiver)) == 1


def test_an_empty_database_while_github_shows_no_policy(gate: Gate, receiver: Receiver) -> None:
    """The policy is read a minute later, although no run has moved since."""
    lost = lose_everything(gate)
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    failing = gate.github.add_fault(Fault("/contents/", status=502))
    gate.sweep()
    assert pages(receiver) == []
    gate.github.clear_faults(failing)
    a_minute_later(gate)
    a_minute_later(gate)
    assert len(pages(receiver)) == 1


def test_a_green_run_listed_again_and_again_brings_no_look(gate: Gate) -> None:
    """Only what changes does."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.sweep()
    looks = generation(gate)
    for _ in range(3):
        gate.advance(minutes=11)
        gate.github.deploy(REPOSITORY)
        gate.settle()
        gate.sweep()
    assert generation(gate) == looks
    assert ENVIRONMENT in {it.environment for it in gate.records()}
