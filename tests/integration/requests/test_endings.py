"""Requests that GitHub closes without us, and policies that change under them."""

from __future__ import annotations

from typing import Final, Literal

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault, WebhookFault
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

POLICY = ".github/deployment-gate.yml"
SOUND = "version: 1\nenvironments:\n  production-frontend:\n    validation: {max_age: 12h}\n"


def held(gate: Gate) -> int:
    """Bring a deployment to the gate and leave it held."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return run_id


def test_a_cancelled_run_lapses(gate: Gate) -> None:
    """A request whose run is cancelled owes nothing any more."""
    run_id = held(gate)
    gate.github.cancel_run(run_id)
    gate.settle()
    assert gate.record(run_id).state == RequestState.LAPSED
    assert gate.record(run_id).reasons == ("run_cancelled",)


def test_a_reviewers_rejection_closes_the_request(gate: Gate) -> None:
    """A required reviewer who rejects ends the attempt without us."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["ana"])
    run_id = held(gate)
    gate.github.review_as("ana", run_id, ENVIRONMENT, "rejected", "not today")
    gate.settle()
    assert gate.record(run_id).state == RequestState.RESOLVED_ELSEWHERE
    assert gate.record(run_id).reasons == ("answered_elsewhere",)


def test_a_reviewers_approval_alone_releases_nothing(gate: Gate) -> None:
    """Reviewer and rule both have to pass; an approval while red is no answer of ours."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["ana"])
    run_id = held(gate)
    gate.github.review_as("ana", run_id, ENVIRONMENT, "approved", "go")
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.github.run_view(run_id).status == "waiting"


def test_a_bypass_is_believed_at_the_second_look(gate: Gate) -> None:
    """When a deployment goes on without our answer, it is looked at twice before it is said."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    run_id = held(gate)
    gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    gate.advance(seconds=45)
    assert gate.record(run_id).state == RequestState.RESOLVED_ELSEWHERE
    assert gate.record(run_id).reasons == ("bypassed",)
    assert "bypass.detected" in [entry.kind for entry in gate.trail(run_id)]


def test_a_bypass_without_any_webhook_is_found_by_the_sweeper(gate: Gate) -> None:
    """GitHub sends no event for a bypass; the listing of waiting runs shows it."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    run_id = held(gate)
    gate.sweep()
    gate.github.add_webhook_fault(WebhookFault("lose"))
    gate.github.bypass("boss", run_id, ENVIRONMENT)
    gate.advance(minutes=2)
    gate.sweep()
    gate.advance(seconds=45)
    assert gate.record(run_id).reasons == ("bypassed",)


CancelledState = Literal["failure", "inactive", "error"]
CANCELLED_STATES: Final[list[CancelledState]] = ["failure", "inactive", "error"]


@pytest.mark.parametrize("state", CANCELLED_STATES)
@pytest.mark.parametrize("lost", ["nothing", "deployment_status|workflow_run"])
def test_a_job_that_its_concurrency_cancels_is_no_bypass(
    gate: Gate, state: CancelledState, lost: str
) -> None:
    """The run goes on with its other jobs, whatever GitHub tells of it."""
    gate.github.set_switches(Switches(cancelled_deployment_state=state))
    run_id = held(gate)
    gate.github.start_job(run_id, "lint")
    gate.github.add_webhook_fault(WebhookFault("lose", event=lost))
    gate.github.advance(5)
    gate.github.cancel_job(run_id)
    gate.github.start_job(run_id, "smoke-test")
    for _ in range(3):
        gate.advance(minutes=1)
        gate.sweep()
    assert gate.github.run_view(run_id).status == "in_progress"
    assert gate.record(run_id).reasons == ("run_cancelled",)
    assert gate.record(run_id).state == RequestState.LAPSED
    assert "bypass.detected" not in [entry.kind for entry in gate.trail(run_id)]


def test_an_adopted_gate_whose_job_is_cancelled_is_no_bypass(gate: Gate) -> None:
    """Nothing tells its deployment; another job begins meanwhile, and accuses nobody."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.github.add_webhook_fault(WebhookFault("lose"))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=2)
    gate.sweep()
    assert gate.record(run_id).state == RequestState.WAITING
    gate.github.cancel_job(run_id)
    gate.github.start_job(run_id, "smoke-test")
    for _ in range(3):
        gate.advance(minutes=1)
        gate.sweep()
    assert gate.record(run_id).reasons == ("answered_elsewhere",)
    assert "bypass.detected" not in [entry.kind for entry in gate.trail(run_id)]


def test_a_bypass_is_found_although_its_job_failed_at_once(gate: Gate) -> None:
    """The deployment's history still shows that it went on."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    run_id = held(gate)
    gate.github.start_job(run_id, "lint")
    gate.github.add_webhook_fault(WebhookFault("lose"))
    gate.github.bypass("boss", run_id, ENVIRONMENT)
    gate.github.finish_job(run_id, conclusion="failure")
    for _ in range(3):
        gate.advance(minutes=1)
        gate.sweep()
    assert gate.record(run_id).reasons == ("bypassed",)


def test_a_request_expires_with_githubs_own_limit(gate: Gate) -> None:
    """Past thirty days GitHub has failed the job, and the request is closed."""
    number = gate.github.add_fault(Fault("deployment_protection_rule$", status=403))
    run_id = held(gate)
    for _ in range(31):
        gate.advance(days=1)
    gate.github.clear_faults(number)
    gate.advance(hours=1)
    assert gate.record(run_id).state in {RequestState.LAPSED, RequestState.RESOLVED_ELSEWHERE}


def test_removing_the_rule_fails_the_run_and_closes_the_request(gate: Gate) -> None:
    """Without the rule GitHub fails the waiting job; the request does not linger."""
    run_id = held(gate)
    gate.github.disable_rule(REPOSITORY, ENVIRONMENT)
    gate.settle()
    assert gate.record(run_id).reasons == ("answered_elsewhere",)


def test_a_broken_policy_holds_and_names_the_line(gate: Gate) -> None:
    """An invalid policy approves nothing; its problems stand in the status report."""
    gate.validate(REPOSITORY, "success")
    gate.github.put_file(REPOSITORY, POLICY, SOUND.replace("12h", "soon"))
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("policy_invalid",)
    assert "line 4" in (gate.reports(run_id)[0].comment or "")
    gate.github.put_file(REPOSITORY, POLICY, SOUND)
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_the_commit_being_deployed_cannot_bring_its_own_policy(gate: Gate) -> None:
    """The policy is read from the default branch, whatever a branch says."""
    gate.validate(REPOSITORY, "failure")
    loose = "version: 1\nenvironments: {production-frontend: {mode: observe}}\n"
    gate.github.put_file(REPOSITORY, POLICY, loose, branch="feature")
    run_id = gate.github.start_run(REPOSITORY, "deploy-frontend.yml", branch="feature")
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING


def test_the_organizations_policy_speaks_where_a_repository_has_none(gate: Gate) -> None:
    """Without a file of its own a repository follows its organization's `.github` repository."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/.github", installation_id)
    other = SOUND.replace("{max_age: 12h}", "{workflow: smoke.yml}")
    gate.github.put_file("octo-org/.github", POLICY, other)
    gate.validate(REPOSITORY, "success", workflow="smoke.yml")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_repository_may_not_be_looser_than_its_organization(gate: Gate) -> None:
    """A looser value is a problem like any other: the gate holds and names it."""
    installation_id = next(iter(gate.github.world.installations))
    gate.github.create_repository("octo-org/.github", installation_id)
    gate.github.put_file("octo-org/.github", POLICY, SOUND)
    gate.github.put_file(REPOSITORY, POLICY, SOUND.replace("12h", "48h"))
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("policy_invalid",)
    assert "looser" in (gate.reports(run_id)[0].comment or "")


def test_an_environment_the_policy_does_not_name_is_held(gate: Gate) -> None:
    """An environment that asks for us but has no entry waits, and says so."""
    gate.github.protect_environment(REPOSITORY, "preview")
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.start_run(REPOSITORY, "deploy-frontend.yml")
    gate.github.reach_environment(run_id, "preview")
    gate.settle()
    assert gate.record(run_id).reasons == ("environment_not_in_policy",)


def test_a_policy_that_cannot_be_read_holds(gate: Gate) -> None:
    """An absent policy and an unreadable one are not the same: the latter approves nothing."""
    gate.validate(REPOSITORY, "success")
    number = gate.github.add_fault(Fault("/contents/", status=500))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("policy_unavailable",)
    gate.advance(minutes=2)
    assert "cannot read the policy" in (gate.reports(run_id)[0].comment or "")
    gate.github.clear_faults(number)
    gate.advance(minutes=6)
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_renamed_repository_is_still_the_same(gate: Gate) -> None:
    """Rows are keyed by the repository's id; a new name changes nothing."""
    gate.validate(REPOSITORY, "failure")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.rename_repository(REPOSITORY, "storefront")
    gate.validate("octo-org/storefront", "success")
    gate.settle()
    assert [it.state for it in gate.records()] == [RequestState.APPROVED]
    assert gate.records()[0].repository == "octo-org/storefront"
