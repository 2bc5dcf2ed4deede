"""Jobs of one run, late jobs and re-runs: which of them one answer covers."""

from __future__ import annotations

from gate.domain.model.request import RequestState
from gate.reconciler.deps import no_failpoint
from gate.simulator.faults import WebhookFault
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


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


def test_a_rerun_that_the_approval_of_the_attempt_before_releases(gate: Gate) -> None:
    """A review names no attempt; whom it releases was not bypassed by anybody."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id

    def start_again(place: str) -> None:
        if place == "begun":
            gate.failpoint = no_failpoint
            gate.github.cancel_run(run_id)
            gate.github.rerun(run_id)
            gate.github.reach_environment(run_id, ENVIRONMENT)

    gate.failpoint = start_again
    gate.settle()
    for _ in range(3):
        gate.advance(minutes=2)
        gate.sweep()
        gate.settle()
    (answer,) = gate.answers(run_id)
    assert answer.run_attempt == 2
    first, second = [it for it in gate.records() if it.run_id == run_id]
    assert (first.run_attempt, first.state) == (1, RequestState.APPROVED)
    assert (second.run_attempt, second.state) == (2, RequestState.APPROVED)
    kinds = [it.kind for it in gate.trail(run_id)]
    assert "bypass.detected" not in kinds
    assert kinds.count("review.sent") == 1


def test_a_bypass_of_a_rerun_is_one_although_an_attempt_before_was_approved(gate: Gate) -> None:
    """That approval has released its own attempt."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.finish_job(run_id, conclusion="failure")
    gate.validate(REPOSITORY, "failure")
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    gate.github.set_role(REPOSITORY, "admin", "admin")
    gate.github.bypass("admin", run_id, ENVIRONMENT)
    for _ in range(3):
        gate.advance(minutes=2)
        gate.sweep()
        gate.settle()
    assert "bypass.detected" in [it.kind for it in gate.trail(run_id)]
