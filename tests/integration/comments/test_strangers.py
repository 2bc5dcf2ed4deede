"""Anybody may write comments on a public repository: people without a say cost next to nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from gate.domain.model.request import RequestState
from gate.reconciler.ingest.comments import MOST_OF_A_STRANGER
from gate.reconciler.overrides.claims import MOST_OF_A_PERSON
from gate.reconciler.strangers import MOST_LOOKED_UP, REMEMBERED
from gate.simulator.faults import Fault
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
from tests.support.harness import REPOSITORY, Gate


def asked(gate: Gate, path: str) -> int:
    """Count the calls to GitHub whose path has this in it."""
    return sum(path in it.path for it in gate.github.requests())


def waiting(gate: Gate) -> int:
    """Count the commands that are kept."""
    path = gate.settings.database_url.get_secret_value().removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        (count,) = database.execute("SELECT count(*) FROM commands").fetchone()
    return int(count)


@pytest.mark.parametrize(
    "said", ["/override {run} {why}", "/override 1 {why}", "/help", "/OVERRlDE"]
)
def test_a_stranger_gets_a_reaction_at_most(gate: Gate, said: str) -> None:
    """No words, no pass, no status report; only the first of their comments leaves a trace."""
    run_id = held_for_review(gate)
    before = gate.record(run_id)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    for _ in range(3):
        text = said.format(run=run_id, why=WHY)
        gate.github.comment_on_issue(REPOSITORY, number, "mallory", text)
        gate.settle()
    assert gate.record(run_id) == before
    assert len(gate.reports(run_id)) == 1
    written = gate.github.comments(REPOSITORY, number)
    assert [it.reactions for it in written] == [("confused",), (), ()]
    assert asked(gate, "/collaborators/mallory/") == 1
    assert kinds(gate, run_id).count("override.refused") == ("{run}" in said)
    assert waiting(gate) == 0


def test_what_the_trail_keeps_of_a_stranger_is_short(gate: Gate) -> None:
    """A comment of 64 KiB leaves 200 characters."""
    run_id = held_for_review(gate)
    comment(gate, "mallory", f"/override {run_id} {'x' * 60_000}")
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.refused"]
    assert entry.reason == "not_eligible"
    assert entry.detail["rationale"] == "x" * 200


def test_who_was_given_a_say_is_heard_some_minutes_later(gate: Gate) -> None:
    """A no is remembered for five minutes, and not longer."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    run_id = held(gate)
    comment(gate, "erin", f"/override {run_id} {WHY}")
    gate.github.set_role(REPOSITORY, "erin", "maintain")
    comment(gate, "erin", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    gate.advance(seconds=REMEMBERED.total_seconds())
    comment(gate, "erin", f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_member_who_hides_their_membership_is_heard(gate: Gate) -> None:
    """What GitHub says of the author beside the comment refuses nobody."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    run_id = held(gate)
    number, comment_id = comment(gate, "carol", f"/override {run_id} {WHY}")
    (seen,) = [
        gate.github.payload(it.id)
        for it in gate.github.deliveries()
        if it.event == "issue_comment" and gate.github.payload(it.id)["comment"]["id"] == comment_id  # type: ignore[index]
    ]
    assert seen["comment"]["author_association"] == "NONE"  # type: ignore[index]
    assert released(gate, run_id)
    assert number


def test_many_strangers_are_looked_up_slowly_and_members_first(gate: Gate) -> None:
    """A crowd uses up what is spent on strangers; whom GitHub knows does not wait behind it."""
    run_id = held_for_review(gate)
    gate.github.set_role(REPOSITORY, "carol", "write")
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    for each in range(2 * MOST_LOOKED_UP):
        gate.github.comment_on_issue(REPOSITORY, number, f"crowd-{each}", f"/override {run_id} x")
    gate.settle()
    assert asked(gate, "/collaborators/crowd-") == MOST_LOOKED_UP
    gate.github.advance(1)
    gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} {WHY}")
    gate.settle()
    assert released(gate, run_id)
    gate.advance(seconds=REMEMBERED.total_seconds())
    assert asked(gate, "/collaborators/crowd-") == 2 * MOST_LOOKED_UP
    assert waiting(gate) == 1


def test_one_stranger_keeps_few_comments_waiting(gate: Gate) -> None:
    """While GitHub does not say who they are, most of what they write is left alone."""
    run_id = held_for_review(gate)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.add_fault(Fault("/collaborators/", status=502))
    for _ in range(5):
        gate.github.comment_on_issue(REPOSITORY, number, "mallory", f"/override {run_id} {WHY}")
    gate.ingest_deliveries()
    assert waiting(gate) == MOST_OF_A_STRANGER


def test_an_edit_of_a_stranger_asks_nobody(gate: Gate) -> None:
    """That a comment does not stand is noted without a call."""
    run_id = held_for_review(gate)
    _, comment_id = comment(gate, "mallory", f"/override {run_id} {WHY}")
    before = len(gate.github.requests())
    for each in range(3):
        gate.github.edit_comment(REPOSITORY, comment_id, f"/override {run_id} {each}", "mallory")
    gate.settle()
    assert len(gate.github.requests()) == before


def test_a_reviewer_says_only_so_much_about_a_run(gate: Gate) -> None:
    """Each decision repeats all that was said, so it has an end, which they are told."""
    run_id = held_for_review(gate)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    for _ in range(MOST_OF_A_PERSON + 1):
        gate.github.comment_on_issue(REPOSITORY, number, "carol", f"/override {run_id} no")
        gate.settle()
    assert kinds(gate, run_id).count("override.requested") == MOST_OF_A_PERSON
    assert gate.trail(run_id)[-1].reason == "too_many_claims"
    assert "too many overrides" in gate.github.comments(REPOSITORY, number)[-1].body


def test_a_comment_waits_for_a_policy_that_cannot_be_read(gate: Gate) -> None:
    """Who may override is not known then, and nobody is turned away for it."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    run_id = held(gate)
    gate.github.add_fault(Fault("/contents/", status=502))
    gate.advance(minutes=11)
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    gate.github.clear_faults()
    gate.advance(minutes=6)
    assert released(gate, run_id)
