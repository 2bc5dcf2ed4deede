"""Override a held deployment by approving it in GitHub's review dialog."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import WebhookFault
from tests.integration.overrides.override_steps import (
    WHY,
    comment,
    held_for_review,
    kinds,
    released,
)
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def test_a_required_reviewer_releases_a_held_deployment(gate: Gate) -> None:
    """An approval in GitHub's dialog, with acknowledgement and reason, releases the red gate."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)
    (answer,) = gate.answers(run_id)
    assert "carol" in (answer.comment or "")
    assert "checkout is down" in (answer.comment or "")
    assert gate.github.run_view(run_id).status == "in_progress"


def test_an_override_covers_the_waves_after_it(gate: Gate) -> None:
    """The jobs of a matrix with `max-parallel` ask one after another; one override is enough."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.advance(300)
    gate.github.reach_environment(run_id, ENVIRONMENT, "deploy (2)")
    gate.settle()
    first, second = gate.answers(run_id)
    assert (first.state, second.state) == ("approved", "approved")
    assert "covers them too" not in (first.comment or "")
    assert "covers these jobs too" in (second.comment or "")
    assert gate.reports(run_id)[1:] == []


def test_the_record_comes_before_the_release(gate: Gate) -> None:
    """Who, why and on what stands in the trail before GitHub is told."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    told = kinds(gate, run_id)
    assert told.index("override.requested") < told.index("override.recorded")
    assert told.index("override.recorded") < told.index("review.sent")
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.actor == "carol"
    assert entry.reason == "validation_failed"
    assert entry.detail["rationale"] == WHY


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("I accept the risk", "rationale needs 20 more characters"),
        (WHY[19:], "rationale must contain"),
    ],
)
def test_an_incomplete_override_says_what_is_missing(gate: Gate, said: str, fault: str) -> None:
    """The hold stays, and a status report names what the comment lacks."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", said)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed", "override_incomplete")
    assert fault in (gate.reports(run_id)[-1].comment or "")
    assert "override.refused" in kinds(gate, run_id)
    assert gate.answers(run_id) == []


@pytest.mark.parametrize("said", ["", " \n\u200b "])
def test_an_ordinary_approval_accuses_nobody(gate: Gate, said: str) -> None:
    """A required reviewer who clicks "approve" without a word has asked for no override."""
    run_id = held_for_review(gate)
    before = len(gate.reports(run_id))
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", said)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert len(gate.reports(run_id)) == before
    assert not [kind for kind in kinds(gate, run_id) if kind.startswith("override.")]
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_reviewer_overrides_what_turned_red_while_it_waited(gate: Gate) -> None:
    """Whatever GitHub's time of a review means: it is told of well after the failure."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=10)
    gate.github.complete_run(validation, "failure")
    gate.advance(seconds=40)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)


def test_an_approval_from_before_the_failure_that_was_lost_does_not_count(gate: Gate) -> None:
    """GitHub had to be asked to tell it again: nobody knows when it was told first."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=1)
    lost = gate.github.add_webhook_fault(WebhookFault("drop", event="deployment_review"))
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.github.wait_until_delivered()
    gate.github.clear_faults(lost)
    gate.advance(minutes=1)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    gate.advance(minutes=1)
    gate.sweep()
    assert "override.requested" in kinds(gate, run_id)
    assert gate.record(run_id).state == RequestState.WAITING
    assert "repeat it in a comment" in (gate.reports(run_id)[-1].comment or "")
    assert gate.answers(run_id) == []


def test_an_approval_from_before_it_turned_red_does_not_count(gate: Gate) -> None:
    """The reviewer did not know of the failure, so the approval is no acceptance of it."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    validation = gate.github.start_run(REPOSITORY, "production-validation.yml", event="push")
    gate.github.progress_run(validation)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.advance(60)
    gate.github.complete_run(validation, "failure")
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    told = gate.reports(run_id)[-1].comment or ""
    assert "before or just as this hold began" in told
    assert "repeat it in a comment" in told
    assert "Somebody else must" not in told


def test_whoever_started_the_deployment_may_not_override(gate: Gate) -> None:
    """`prevent_self_review` is the gate's own rule, whatever GitHub's setting is."""
    run_id = held_for_review(gate, "developer")
    gate.github.review_as("developer", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed", "override_ineligible")


def test_an_override_does_not_carry_over_to_a_rerun(gate: Gate) -> None:
    """The next attempt is a request of its own."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    gate.github.finish_job(run_id, conclusion="failure")
    gate.github.rerun(run_id)
    gate.github.reach_environment(run_id, ENVIRONMENT)
    gate.settle()
    states = [it.state for it in gate.records() if it.run_id == run_id]
    assert states == [RequestState.APPROVED, RequestState.WAITING]
