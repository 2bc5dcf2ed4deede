"""From a webhook to a recorded answer."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.reconciler.ingest.ingest import ingest
from gate.simulator.faults import WebhookFault
from gate.simulator.switches import Switches
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


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
