"""What a policy asks for is read from GitHub before the gate answers."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import WebhookFault
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

POLICY = ".github/deployment-gate.yml"


def policy(rest: str) -> str:
    """Write a policy for the environment with further lines, indented as its entries."""
    return f"version: 1\nenvironments:\n  {ENVIRONMENT}:\n{rest}"


def test_two_environments_in_one_run_are_two_requests(gate: Gate) -> None:
    """Each environment of a run is decided by its own policy."""
    staging = "  staging: {validation: {workflow: other.yml}}\n"
    gate.github.put_file(REPOSITORY, POLICY, policy("    mode: enforce\n") + staging)
    gate.github.protect_environment(REPOSITORY, "staging")
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.reach_environment(run_id, "staging", "stage")
    gate.settle()
    states = {it.environment: it.state for it in gate.records() if it.run_id == run_id}
    assert states == {ENVIRONMENT: RequestState.APPROVED, "staging": RequestState.WAITING}


def test_required_jobs_are_read_and_must_have_succeeded(gate: Gate) -> None:
    """A green run without its required job proves nothing; with it, the deployment goes on."""
    gate.github.put_file(REPOSITORY, POLICY, policy("    validation: {required_jobs: [maestro]}\n"))
    gate.validate(REPOSITORY, "success", jobs={"maestro": "skipped"})
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_inconclusive",)
    gate.validate(REPOSITORY, "success", jobs={"maestro": "success"})
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_green_from_before_the_last_infrastructure_change_is_uncovered(gate: Gate) -> None:
    """The validation must have started after the newest successful infrastructure run ended."""
    covers = "    validation: {covers: infrastructure}\n"
    gate.github.put_file(REPOSITORY, POLICY, policy(covers))
    gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    gate.advance(minutes=1)
    gate.validate(REPOSITORY, "success")
    first = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(first).state == RequestState.APPROVED
    gate.advance(minutes=1)
    gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    second = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(second).reasons == ("validation_uncovered",)


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_an_apply_that_failed_ends_the_cover(gate: Gate, conclusion: str) -> None:
    """It leaves what it did. So does one that still runs, perhaps; a plan changes nothing."""
    gate.github.put_file(REPOSITORY, POLICY, policy("    validation: {covers: infrastructure}\n"))
    gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    gate.advance(minutes=1)
    gate.validate(REPOSITORY, "success")
    gate.advance(minutes=1)
    plan = gate.github.start_run(REPOSITORY, "terraform-apply.yml", event="pull_request")
    gate.github.complete_run(plan, "success")
    first = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(first).state == RequestState.APPROVED
    gate.advance(minutes=1)
    apply = gate.github.start_run(REPOSITORY, "terraform-apply.yml")
    gate.github.progress_run(apply)
    second = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(second).reasons == ("validation_uncovered",)
    assert "may still change production" in (gate.reports(second)[-1].comment or "")
    gate.github.complete_run(apply, conclusion)
    gate.settle()
    assert gate.record(second).reasons == ("validation_uncovered",)
    gate.advance(minutes=1)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert gate.record(second).state == RequestState.APPROVED


def test_a_rerun_that_failed_hides_no_infrastructure_change(gate: Gate) -> None:
    """GitHub lists the failed attempt only; the green has not seen what the first one changed."""
    covers = "    validation: {covers: infrastructure}\n"
    gate.github.put_file(REPOSITORY, POLICY, policy(covers))
    gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    gate.validate(REPOSITORY, "success")
    gate.settle()
    lost = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    change = gate.validate(REPOSITORY, "success", workflow="terraform-apply.yml")
    gate.github.advance(1)
    gate.github.rerun(change)
    gate.github.complete_run(change, "failure")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.restart()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_uncovered",)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_observe_mode_lets_through_and_says_so(gate: Gate) -> None:
    """While a policy only observes, the verdict is recorded and nothing is held."""
    gate.github.put_file(REPOSITORY, POLICY, policy("    mode: observe\n"))
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("observe_mode", "validation_failed")
    assert "observe" in (gate.answers(run_id)[0].comment or "")
