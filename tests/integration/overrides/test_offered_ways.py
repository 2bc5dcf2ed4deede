"""Which ways to override the comment on a held deployment offers."""

from __future__ import annotations

import pytest

from gate.simulator.faults import Fault
from tests.integration.overrides.override_steps import OVERRIDE_ENVIRONMENT, held, held_for_review
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def test_each_wave_has_reports_of_its_own(gate: Gate) -> None:
    """GitHub takes ten status reports for each deployment: an earlier wave uses up none of them."""
    run_id = held(gate)
    for conclusion in ["cancelled", "failure"] * 5:
        gate.validate(REPOSITORY, conclusion)
        gate.advance(minutes=1)
    told = len(gate.reports(run_id))
    assert told == 9
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    gate.github.advance(300)
    gate.github.reach_environment(run_id, ENVIRONMENT, "deploy (2)")
    gate.settle()
    assert len(gate.reports(run_id)) == told + 1


def test_a_comment_offers_only_the_ways_that_are_open(gate: Gate) -> None:
    """Which environments have required reviewers GitHub is asked, and not for each comment."""
    run_id = held_for_review(gate)
    told = gate.reports(run_id)[0].comment or ""
    assert "**Override by comment:** " in told
    assert "**Override in the review:** " in told
    assert "**Override by workflow:**" not in told
    asked = environments_asked(gate)
    assert asked == 2
    gate.github.deploy(REPOSITORY)
    gate.settle()
    assert environments_asked(gate) == asked


def test_where_nobody_can_override_a_comment_says_so(gate: Gate) -> None:
    """Without required reviewers and without people in the policy there is no way."""
    told = gate.reports(held(gate))[0].comment or ""
    assert "**No override:**" in told


@pytest.mark.parametrize("status", [403, 500])
def test_ways_that_cannot_be_read_are_offered(gate: Gate, status: int) -> None:
    """What is not known is not denied, and holds nothing up."""
    gate.github.add_fault(Fault("/environments/", status=status))
    told = gate.reports(held(gate))[0].comment or ""
    assert f"approve {OVERRIDE_ENVIRONMENT} with" in told


def environments_asked(gate: Gate) -> int:
    """Count the calls that read an environment."""
    made = gate.github.totals().requests
    return sum(times for call, times in made.items() if "/environments/" in call)
