"""Override a held deployment by a comment on an issue."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault, WebhookFault
from tests.integration.overrides.override_steps import (
    POLICY,
    REVIEWERS,
    WHY,
    comment,
    held,
    held_for_review,
    kinds,
    released,
)
from tests.support.crashes import Crash, crash_once
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate
from tests.support.markdown import acting, invisible


def test_a_comment_is_the_second_chance(gate: Gate) -> None:
    """A reviewer who forgot the reason gives it by `/override` on an issue."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.settle()
    number, comment_id = comment(gate, "carol", f"/override {run_id} {WHY}")
    assert released(gate, run_id)
    (written,) = [it for it in gate.github.comments(REPOSITORY, number) if it.id == comment_id]
    assert written.reactions == ("eyes", "rocket")


def test_whoever_may_not_review_may_not_override_by_comment(gate: Gate) -> None:
    """Where the policy lists nobody, GitHub's own reviewers are asked; one who may write is none.

    They are told, and nobody else: the deployment's status reports are for those who may.
    """
    run_id = held_for_review(gate)
    gate.github.set_role(REPOSITORY, "mallory", "write")
    number, _ = comment(gate, "mallory", f"/override {run_id} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert len(gate.reports(run_id)) == 1
    told = gate.github.comments(REPOSITORY, number)[-1]
    assert told.app_id is not None
    assert "not a required reviewer" in told.body


def test_whoever_is_no_reviewer_any_more_may_not_speak_again(gate: Gate) -> None:
    """The first review was refused; that GitHub let them review then says nothing of today."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.settle()
    world = gate.github.world
    world.environment(world.repository(REPOSITORY), ENVIRONMENT).reviewers.clear()
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.trail(run_id)[-1].reason == "not_eligible"


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_comment_that_does_not_stand_releases_nothing(gate: Gate, change: str) -> None:
    """Whoever may write can edit a comment: what was said is then not known any more."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS)
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    run_id = held(gate)
    _, comment_id = comment(gate, "carol", f"/override {run_id} {WHY}")
    if change == "edited":
        gate.github.edit_comment(REPOSITORY, comment_id, f"/override {run_id} {WHY}!", "mallory")
    else:
        gate.github.delete_comment(REPOSITORY, comment_id, "mallory")
    comment(gate, "dave", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert "override.withdrawn" in kinds(gate, run_id)


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_a_comment_that_is_seen_only_after_it_fell_releases_nothing(
    gate: Gate, change: str
) -> None:
    """Webhooks come in any order, and GitHub sends one again that could not be delivered."""
    run_id = held_for_review(gate)
    number = gate.github.open_issue(REPOSITORY, "red")
    gate.github.add_webhook_fault(
        WebhookFault("drop", event="issue_comment", action="created", times=1)
    )
    said = f"/override {run_id} {WHY}"
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, "carol", said)
    gate.settle()
    gate.github.advance(1)
    if change == "edited":
        gate.github.edit_comment(REPOSITORY, comment_id, "no, wait", "carol")
    else:
        gate.github.delete_comment(REPOSITORY, comment_id, "carol")
    gate.settle()
    gate.advance(minutes=10)
    gate.sweep()
    assert any(it.redelivery for it in gate.github.deliveries())
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.answers(run_id) == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.refused"]
    assert (entry.reason, entry.detail["rationale"]) == ("withdrawn", WHY)


@pytest.mark.parametrize("named", ["1", "https://github.test/acme/shop/actions/runs/{run}"])
def test_what_is_not_held_here_is_refused(gate: Gate, named: str) -> None:
    """An override of a run that is not held, or of another repository, changes nothing."""
    run_id = held_for_review(gate)
    number, comment_id = comment(gate, "carol", f"/override {named.format(run=run_id)} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed",)
    first, reply = gate.github.comments(REPOSITORY, number)
    assert (first.id, first.reactions) == (comment_id, ("confused",))
    assert "Not done: " in reply.body


def test_hostile_words_are_quoted_harmlessly(gate: Gate) -> None:
    """Nobody is mentioned, nothing is rendered, and the record keeps what was said."""
    hostile = f"{WHY} @everyone <!channel> ![x](http://evil.test/p.png) \u202egnorw daer"
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", hostile)
    gate.settle()
    said = gate.answers(run_id)[0].comment or ""
    assert released(gate, run_id)
    assert acting(said) == invisible(said) == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.detail["rationale"] == hostile


def test_a_reply_is_not_written_twice_by_a_crash(gate: Gate) -> None:
    """The same for what is said below a comment."""
    gate.github.set_role(REPOSITORY, "carol", "write")
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override 1 {WHY}")
    gate.failpoint = crash_once("replied")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.advance(hours=1)
    written = [it for it in gate.github.comments(REPOSITORY, number) if it.app_id is not None]
    assert len(written) == 1


def test_a_reply_whose_answer_was_lost_is_looked_up(gate: Gate) -> None:
    """It stands below the comment, so it is not written again."""
    gate.github.set_role(REPOSITORY, "carol", "write")
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override 1 {WHY}")
    gate.github.add_fault(
        Fault(path=r"/issues/\d+/comments", method="POST", times=1, status=502, apply=True)
    )
    gate.settle()
    gate.advance(hours=1)
    written = [it for it in gate.github.comments(REPOSITORY, number) if it.app_id is not None]
    assert len(written) == 1


def test_each_refused_comment_is_told_and_on_record(gate: Gate) -> None:
    """Two alike in one minute are two refusals, each with its reply."""
    run_id = held_for_review(gate)
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    for _ in range(2):
        gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} too short")
        gate.settle()
    written = gate.github.comments(REPOSITORY, number)
    assert [it.reactions for it in written if it.app_id is None] == [("eyes", "confused")] * 2
    assert kinds(gate, run_id).count("override.refused") == 2
