"""Overrides by the reviewers that a policy lists."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault
from tests.integration.overrides.override_steps import (
    POLICY,
    REVIEWERS,
    WHY,
    comment,
    held,
    released,
)
from tests.support.harness import REPOSITORY, Gate


@pytest.mark.parametrize("second", ["dave", "erin"])
def test_two_people_of_those_the_policy_lists(gate: Gate, second: str) -> None:
    """A member of the team and one more, by login or by permission, release it together."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS)
    gate.github.set_team_member("octo-org", "owners", "carol", "member")
    gate.github.set_role(REPOSITORY, "erin", "maintain")
    run_id = held(gate)
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).reasons == ("validation_failed", "override_incomplete")
    assert "1 more reviewer must override" in (gate.reports(run_id)[-1].comment or "")
    comment(gate, "carol", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    comment(gate, second, f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_team_that_cannot_be_read_hides_nobody_beside_it(gate: Gate) -> None:
    """Who is listed by login releases the hold; whoever is not is told which team was not read."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    gate.github.add_fault(Fault(path="/orgs/octo-org/teams/", status=403))
    gate.github.set_role(REPOSITORY, "frank", "write")
    run_id = held(gate)
    comment(gate, "frank", f"/override {run_id} {WHY}")
    assert gate.record(run_id).state == RequestState.WAITING
    assert "team:octo-org/owners cannot be read" in str(gate.trail(run_id)[-1].detail)
    comment(gate, "dave", f"/override {run_id} {WHY}")
    assert released(gate, run_id)


def test_a_login_that_passed_to_somebody_else_is_not_the_person(gate: Gate) -> None:
    """People are known by number: a claim of the former owner of a login does not count."""
    gate.github.put_file(REPOSITORY, POLICY, REVIEWERS.replace("approvals: 2", "approvals: 1"))
    run_id = held(gate)
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "red")
    gate.github.comment_on_issue(REPOSITORY, number, "dave", f"/override {run_id} {WHY}")
    gate.github.wait_until_delivered()
    former = gate.github.world.accounts.pop("dave")
    assert gate.github.world.account("dave").id != former.id
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.refused"]
    assert entry.reason == "not_eligible"
    assert "no longer belongs to this account" in str(entry.detail["detail"])
