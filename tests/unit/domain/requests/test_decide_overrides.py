"""When people's word lets a held deployment go on, and what is said when it does not."""

from datetime import timedelta
from typing import Any

import pytest

from gate.domain.model.overrides import OverrideClaim
from gate.domain.model.policy.policy import (
    InvalidPolicy,
    Mode,
    PolicyReading,
    Problem,
    Reaction,
    UnavailablePolicy,
)
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Decision, Verdict
from tests.support.builders.defaults import NOW, before
from tests.support.builders.overrides import make_claim, make_record, make_standing
from tests.support.builders.policies import make_policy
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_account, make_run

MONA = make_account()
SECOND = make_account("octocat", id=99)
STANDINGS = (make_standing(), make_standing(SECOND), make_standing(MONA))
RED = make_run(conclusion="failure")


def decided(
    *claims: OverrideClaim,
    reading: PolicyReading | None = None,
    run: WorkflowRun | None = RED,
    waited: timedelta = timedelta(minutes=1),
    **facts: Any,
) -> Decision:
    """Decide a request that mona started, with these claims on record."""
    known: dict[str, Any] = {
        "request": make_request(waiting_since=NOW - waited),
        "validations": (run,) if run is not None else (),
        "claims": claims,
        "standings": STANDINGS,
        "triggered_by": (MONA.id,),
    }
    return decide(reading or make_policy(), make_facts(**known | facts), NOW)


def codes(decision: Decision) -> list[str]:
    """Name the reasons of a decision."""
    return [reason.code.value for reason in decision.reasons]


@pytest.mark.parametrize(
    ("state", "run"),
    [
        ("failed", RED),
        ("inconclusive", make_run(conclusion="cancelled")),
        ("missing", None),
        ("stale", make_run(started_at=before(hours=25))),
    ],
)
def test_override_releases(state: str, run: WorkflowRun | None) -> None:
    """Each hold that the policy lists is released, and the reason says which it was."""
    decision = decided(make_claim(), run=run)
    assert decision.verdict is Verdict.APPROVE
    assert codes(decision) == ["override", f"validation_{state}"]
    assert decision.override == make_record()
    assert decision.recheck_at is None
    assert decision.reasons[0].detail == "hubot (review, 2026-03-02 11:59 UTC)"


def test_running_is_not_overridden() -> None:
    """The result of a running validation is waited for, and the person is told so."""
    decision = decided(make_claim(), run=make_run(status="in_progress", conclusion=None))
    assert decision.verdict is Verdict.WAIT
    assert codes(decision) == ["validation_running", "override_ineligible"]
    assert decision.override is None
    assert decision.ask is None


def test_reject_is_not_overridden() -> None:
    """What the policy rejects is not held, so there is nothing to release."""
    decision = decided(make_claim(), reading=make_policy(failed=Reaction.REJECT))
    assert (decision.verdict, codes(decision)) == (Verdict.REJECT, ["validation_failed"])


def test_green_needs_no_override() -> None:
    """A green is approved for itself, whoever else spoke."""
    decision = decided(make_claim(), run=make_run())
    assert codes(decision) == ["validation_passed"]
    assert decision.override is None


def test_unavailable_facts_are_not_overridden() -> None:
    """While GitHub cannot be asked nobody knows what would be overridden."""
    decision = decided(make_claim(), unavailable="the runs")
    assert decision.verdict is Verdict.WAIT
    assert codes(decision) == ["facts_unavailable", "validation_failed"]
    assert decision.ask is None


@pytest.mark.parametrize(
    "reading",
    [
        InvalidPolicy((Problem(1, 1, "", "no"),), "d", "s"),
        UnavailablePolicy("502"),
        make_policy(name="staging"),
    ],
)
def test_without_a_policy_nothing_is_overridden(reading: PolicyReading) -> None:
    """Where no policy speaks nobody may override."""
    assert decided(make_claim(), reading=reading).verdict is Verdict.WAIT


def test_override_beats_giving_up() -> None:
    """A complete override releases a hold at the very end, and after it."""
    assert decided(make_claim(), waited=timedelta(days=2)).verdict is Verdict.APPROVE


def test_incomplete_override_does_not_keep_a_hold() -> None:
    """A refused override is no reason to wait longer."""
    decision = decided(make_claim(rationale=""), waited=timedelta(days=2))
    assert decision.verdict is Verdict.REJECT
    assert codes(decision)[:2] == ["gave_up", "validation_failed"]
    assert decision.ask is None


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ({"rationale": "ok"}, "override_incomplete"),
        ({"person": MONA}, "override_ineligible"),
        ({"run_attempt": 2}, "override_ineligible"),
        ({"run_attempt": 2, "rationale": "ok"}, "override_ineligible"),
        ({"given_at": before(hours=1)}, "override_incomplete"),
        ({"is_person": False}, "override_ineligible"),
    ],
)
def test_refused(claim: dict[str, Any], expected: str) -> None:
    """A claim that does not count is a second reason, with its faults as the detail."""
    decision = decided(make_claim(**claim))
    assert decision.verdict is Verdict.WAIT
    assert codes(decision) == ["validation_failed", expected]
    assert decision.reasons[1].detail.startswith(("hubot (", "mona ("))
    assert len(decision.refused) == 1
    assert decision.recheck_at is not None


def test_refused_in_both_ways() -> None:
    """Who may not override, and who only said too little, are told apart."""
    decision = decided(make_claim(rationale=""), make_claim(person=MONA))
    assert codes(decision) == ["validation_failed", "override_ineligible", "override_incomplete"]


def test_mended() -> None:
    """A claim that a later one of the same person mended is not told any more."""
    slip = make_claim(key="slip", rationale="ok")
    better = make_claim(given_at=before(seconds=5))
    decision = decided(slip, better, reading=make_policy(approvals=2))
    assert decision.refused == ()
    assert codes(decision) == ["validation_failed", "override_incomplete"]


def test_one_of_two() -> None:
    """Where several people must override it is said how many more are needed."""
    policy = make_policy(approvals=2)
    decision = decided(make_claim(), reading=policy)
    assert codes(decision) == ["validation_failed", "override_incomplete"]
    assert decision.reasons[1].detail == "1 more reviewer must override"
    assert decision.needed == 1
    both = decided(make_claim(), make_claim(person=SECOND), reading=policy)
    assert both.verdict is Verdict.APPROVE
    assert both.override is not None
    assert len(both.override.claims) == 2


def test_nobody_spoke() -> None:
    """Without a claim nothing is said about overrides but how to give one."""
    decision = decided(reading=make_policy(approvals=2))
    assert codes(decision) == ["validation_failed"]
    assert decision.needed == 0
    assert decision.ask is not None
    assert decision.ask.environment == "production-frontend-override"


@pytest.mark.parametrize("facts", [{"triggered_by": None}, {"triggered_by": ()}, {"standings": ()}])
def test_unknown_releases_nothing(facts: dict[str, Any]) -> None:
    """What is not known about the people counts against the override."""
    assert decided(make_claim(), **facts).verdict is Verdict.WAIT


def test_observe_mode_records_what_it_would_have_done() -> None:
    """In observe mode the override is a reason, but not what opened the gate."""
    decision = decided(make_claim(), reading=make_policy(mode=Mode.OBSERVE))
    assert codes(decision) == ["observe_mode", "override", "validation_failed"]
    assert decision.override is None
