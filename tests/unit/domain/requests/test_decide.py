"""When a deployment is approved, when it is held, and when the policy rejects it."""

from dataclasses import replace

import pytest

from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import (
    Covers,
    Reaction,
)
from gate.domain.model.request import GateRequest
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import Verdict
from tests.support.builders.defaults import DIGEST, NOW, OTHER_SHA
from tests.support.builders.policies import make_environment, make_policy
from tests.support.builders.requests import make_facts, make_key, make_request
from tests.support.builders.runs import make_run
from tests.unit.domain.requests.decided_requests import GREEN, NOT_GREEN, decided


def test_green_is_approved() -> None:
    """A fresh green validation lets the deployment go on, for that reason alone."""
    decision = decided(None, GREEN)
    assert decision.verdict is Verdict.APPROVE
    assert [reason.code for reason in decision.reasons] == ["validation_passed"]
    assert decision.recheck_at is None
    assert decision.policy_digest == DIGEST
    assert decision.evidence is not None
    assert decision.evidence.run == GREEN


@pytest.mark.parametrize("state", NOT_GREEN)
def test_not_green_is_held(state: str) -> None:
    """Whatever is not green is held by default, and the reason names the state."""
    decision = decided(None, NOT_GREEN[state])
    assert decision.verdict is Verdict.WAIT
    assert decision.reason == f"validation_{state}"


@pytest.mark.parametrize("state", NOT_GREEN)
@pytest.mark.parametrize("asked", NOT_GREEN)
def test_reject_is_asked_for_each_state_alone(state: str, asked: str) -> None:
    """A policy that rejects one state rejects that state and holds all others."""
    decision = decided(make_policy(make_environment(**{asked: Reaction.REJECT})), NOT_GREEN[state])
    assert decision.verdict is (Verdict.REJECT if state == asked else Verdict.WAIT)
    assert decision.reason == f"validation_{state}"


def test_reject_does_not_touch_the_green() -> None:
    """A policy that rejects everything that is not green still approves a green."""
    reject = dict.fromkeys(NOT_GREEN, Reaction.REJECT)
    assert decided(make_policy(make_environment(**reject)), GREEN).verdict is Verdict.APPROVE


def test_uncovered_is_held() -> None:
    """A green that does not cover the deployment is held, even where everything is rejected."""
    reject = dict.fromkeys(NOT_GREEN, Reaction.REJECT)
    reading = make_policy(make_environment(covers=Covers.SAME_COMMIT, **reject))
    decision = decided(reading, make_run(head_sha=OTHER_SHA))
    assert (decision.verdict, decision.reason) == (Verdict.WAIT, "validation_uncovered")


WAITING = make_run(status="waiting", conclusion=None)
OWN = make_request(key=make_key(run_id=WAITING.run_id))


@pytest.mark.parametrize(
    ("request_", "gated", "code"),
    [
        (OWN, (), "validation_waits_for_itself"),
        (make_request(), (WAITING.run_id,), "validation_waits_for_itself"),
        (make_request(), (), "validation_running"),
        (make_request(), (RunId(77),), "validation_running"),
    ],
)
@pytest.mark.parametrize("reaction", Reaction)
def test_a_validation_that_waits_for_itself(
    request_: GateRequest, gated: tuple[RunId, ...], code: str, reaction: Reaction
) -> None:
    """It is not rejected for being on its way, since it cannot end before it is released."""
    facts = make_facts(request=request_, validations=(WAITING,), gated=gated)
    decision = decide(make_policy(running=reaction), facts, NOW)
    assert decision.reason == code
    if code == "validation_waits_for_itself":
        assert decision.verdict is Verdict.WAIT
        assert decision.ask is not None


def test_a_validation_that_waited_for_itself_and_ended() -> None:
    """It shows what it shows."""
    failed = replace(WAITING, status="completed", conclusion="failure")
    facts = make_facts(request=OWN, validations=(failed,), gated=(failed.run_id,))
    assert decide(make_policy(), facts, NOW).reason == "validation_failed"


def test_each_decision_says_why() -> None:
    """The reason's detail tells what was seen."""
    decision = decided(None, NOT_GREEN["failed"])
    assert decision.reasons[0].detail == "the run failed"


@pytest.mark.parametrize("reaction", Reaction)
@pytest.mark.parametrize("state", NOT_GREEN)
def test_facts_unavailable(state: str, reaction: Reaction) -> None:
    """While a needed fact cannot be read, nothing is approved and nothing rejected."""
    reading = make_policy(make_environment(**{state: reaction}))
    decision = decided(reading, NOT_GREEN[state], unavailable="the runs")
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == [
        "facts_unavailable",
        f"validation_{state}",
    ]
    assert decision.reasons[0].detail == "the runs"


@pytest.mark.parametrize("unavailable", ["the runs", ""])
def test_green_with_facts_unavailable(unavailable: str) -> None:
    """A green that may already be outdated is held, and is not said to have passed."""
    decision = decided(None, GREEN, unavailable=unavailable)
    assert decision.verdict is Verdict.WAIT
    assert [reason.code for reason in decision.reasons] == ["facts_unavailable"]
