"""From a webhook to a recorded answer."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.reconciler.ingest.ingest import ingest
from gate.simulator.faults import WebhookFault
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

POLICY = ".github/deployment-gate.yml"


def policy(rest: str) -> str:
    """Write a policy for the environment with further lines, indented as its entries."""
    return f"version: 1\nenvironments:\n  {ENVIRONMENT}:\n{rest}"


def test_a_red_validation_holds_and_a_green_rerun_releases(gate: Gate) -> None:
    """A deployment waits for the green re-run of a failed validation, and goes on by itself."""
    validation = gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.record(run_id).reasons == ("validation_failed",)
    (report,) = gate.reports(run_id)
    assert f"/actions/runs/{validation}" in (report.comment or "")
    assert gate.answers(run_id) == []

    gate.github.rerun(validation)
    gate.github.complete_run(validation, "success")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    assert gate.github.run_view(run_id).status == "in_progress"


def test_the_trail_tells_the_story_in_order(gate: Gate) -> None:
    """Opening, decisions, reports and the review stand in the trail as they happened."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    kinds = [entry.kind for entry in gate.trail(run_id)]
    assert kinds[0] == "request.opened"
    assert kinds[-2:] == ["decision.made", "review.sent"]
    assert kinds.count("review.sent") == 1


def test_a_green_decision_costs_one_call(gate: Gate) -> None:
    """Once policy and listing are known, facts come with webhooks and only the answer is a call."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.reset_totals()
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert sum(gate.github.totals().requests.values()) == 1


def test_a_hold_costs_two_calls(gate: Gate) -> None:
    """A hold costs its status report, and later its answer."""
    gate.validate(REPOSITORY, "failure")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.reset_totals()
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert sum(gate.github.totals().requests.values()) == 1


def test_matrix_jobs_are_one_request(gate: Gate) -> None:
    """Jobs of one run that wait for one environment are answered together."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY, jobs=["a", "b", "c"]).run_id
    gate.settle()
    assert len(gate.record(run_id).deployment_ids) == 3
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert len(gate.answers(run_id)) == 1
    assert {job.status for job in gate.github.run_view(run_id).jobs} == {"in_progress"}


def test_a_late_matrix_job_is_answered_too(gate: Gate) -> None:
    """A job that reaches the environment after the answer gets an answer of its own."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY, jobs=["a"]).run_id
    gate.settle()
    gate.github.reach_environment(run_id, ENVIRONMENT, "b")
    gate.settle()
    assert [it.state for it in gate.answers(run_id)] == ["approved", "approved"]
    assert gate.record(run_id).state == RequestState.APPROVED
    assert gate.github.run_view(run_id).status == "in_progress"


def test_a_late_job_is_judged_anew(gate: Gate) -> None:
    """An earlier answer does not carry over to a job that comes after the validation turned red."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY, jobs=["a"]).run_id
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    gate.advance(minutes=2)
    gate.github.reach_environment(run_id, ENVIRONMENT, "b")
    gate.settle()
    assert len(gate.answers(run_id)) == 1
    assert gate.record(run_id).state == RequestState.WAITING


def test_a_rerun_is_a_new_request(gate: Gate) -> None:
    """A re-run keeps the run id but is decided by itself."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.finish_job(run_id, conclusion="failure")
    gate.validate(REPOSITORY, "failure")
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    first, second = [it for it in gate.records() if it.run_id == run_id]
    assert (first.run_attempt, first.state) == (1, RequestState.APPROVED)
    assert (second.run_attempt, second.state) == (2, RequestState.WAITING)


def test_a_rerun_whose_news_was_lost_is_found_by_reading_the_run(gate: Gate) -> None:
    """When no event told of the second attempt, the run is read before the request is keyed."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(minutes=5)
    gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run|deployment_status"))
    gate.github.finish_job(run_id, conclusion="failure")
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    assert [it.run_attempt for it in gate.records() if it.run_id == run_id] == [1, 2]


def test_a_rerun_of_a_held_run_whose_news_was_lost(gate: Gate) -> None:
    """A job that asks a while after the first may be that of another attempt: GitHub is asked."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(minutes=2)
    gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run|deployment_status"))
    gate.github.cancel_run(run_id)
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    gate.advance(minutes=1)
    first, second = [it for it in gate.records() if it.run_id == run_id]
    assert (first.run_attempt, first.state) == (1, RequestState.LAPSED)
    assert (second.run_attempt, second.state) == (2, RequestState.WAITING)


def test_a_rerun_that_asks_before_its_run_is_told(gate: Gate) -> None:
    """It joins the attempt that is over; when that is found out, the other one is opened."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    late = WebhookFault("reorder", event="workflow_run|deployment_status", count=100)
    number = gate.github.add_webhook_fault(late)
    gate.github.cancel_run(run_id)
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    gate.github.clear_faults(number)
    gate.settle()
    first, second = [it for it in gate.records() if it.run_id == run_id]
    assert (first.run_attempt, first.state) == (1, RequestState.LAPSED)
    assert (second.run_attempt, second.state) == (2, RequestState.WAITING)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


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


@pytest.mark.parametrize("conclusion", ["cancelled", "neutral", "action_required"])
def test_an_inconclusive_validation_does_not_fall_back(gate: Gate, conclusion: str) -> None:
    """An older green does not count once a newer validation ended without a result."""
    gate.validate(REPOSITORY, "success")
    gate.validate(REPOSITORY, conclusion)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_inconclusive",)


@pytest.mark.parametrize(
    ("before", "reason"),
    [("success", "validation_passed"), ("failure", "validation_failed")],
)
def test_a_run_in_which_no_job_ran_is_passed_over(gate: Gate, before: str, reason: str) -> None:
    """It hides neither the green before it nor the red, however many of them there are."""
    gate.validate(REPOSITORY, before)
    for _ in range(7):
        gate.validate(REPOSITORY, "skipped")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == (reason,)


def test_a_filter_of_githubs_hides_no_red(gate: Gate) -> None:
    """Its listing by branch may lack the newest run, whose webhooks are lost as well."""
    gate.github.set_switches(Switches(filtered_listings="stale"))
    gate.validate(REPOSITORY, "success")
    gate.advance(hours=2)
    lost = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)


def test_a_forks_green_does_not_count(gate: Gate) -> None:
    """A run of a fork's branch that is called like ours proves nothing."""
    gate.github.create_repository("stranger/frontend")
    run = gate.github.start_run(
        REPOSITORY,
        "production-validation.yml",
        event="workflow_dispatch",
        head_repository="stranger/frontend",
    )
    gate.github.complete_run(run, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_missing",)


def test_a_validation_goes_stale(gate: Gate) -> None:
    """A green that is older than the policy allows holds."""
    gate.validate(REPOSITORY, "success")
    gate.advance(hours=25)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_stale",)


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


def test_a_hold_ends_by_rejection_after_a_last_call(gate: Gate) -> None:
    """People are told before the hold ends; then the attempt is rejected, once."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(hours=23, minutes=30)
    assert "**Ends soon:**" in (gate.reports(run_id)[-1].comment or "")
    gate.advance(minutes=31)
    assert [it.state for it in gate.answers(run_id)] == ["rejected"]
    assert gate.record(run_id).reasons[0] == "gave_up"
    assert gate.record(run_id).state == RequestState.REJECTED


def test_reports_stay_within_githubs_budget(gate: Gate) -> None:
    """However often the reason changes, at most ten reports are sent, one of them the last call."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    for _ in range(8):
        validation = gate.github.start_run(REPOSITORY, "production-validation.yml")
        gate.settle()
        gate.github.complete_run(validation, "failure")
        gate.settle()
    assert len(gate.reports(run_id)) == 9
    gate.advance(hours=23, minutes=30)
    assert len(gate.reports(run_id)) == 10
    assert gate.github.totals().refused_reviews == 0


def test_observe_mode_lets_through_and_says_so(gate: Gate) -> None:
    """While a policy only observes, the verdict is recorded and nothing is held."""
    gate.github.put_file(REPOSITORY, POLICY, policy("    mode: observe\n"))
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("observe_mode", "validation_failed")
    assert "observe" in (gate.answers(run_id)[0].comment or "")


def test_a_job_that_joins_while_the_answer_is_sent_is_answered_too(gate: Gate) -> None:
    """A job that reaches the gate between our answer and its record does not wait for ever."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY, jobs=["a"]).run_id
    gate.github.wait_until_delivered()
    joined: list[str] = []

    def join(place: str) -> None:
        if place == "sent" and not joined:
            joined.append(place)
            gate.github.reach_environment(run_id, ENVIRONMENT, "b")
            gate.github.wait_until_delivered()
            ingest(gate.due_deliveries(), gate.service.deps)

    gate.failpoint = join
    gate.settle()
    gate.advance(minutes=2)
    assert {job.status for job in gate.github.run_view(run_id).jobs} == {"in_progress"}
    assert gate.record(run_id).state == RequestState.APPROVED
