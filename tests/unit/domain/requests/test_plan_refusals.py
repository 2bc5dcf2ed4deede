"""What is planned when an override is refused or accepted."""

from dataclasses import replace

import pytest

from gate.domain.model.ledger import EffectKind, Ledger
from gate.domain.model.overrides import Refusal, RefusalCode, RefusedClaim
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.plan import plan
from tests.support.builders.defaults import NOW
from tests.support.builders.ledger import make_report
from tests.support.builders.overrides import make_claim, make_record
from tests.support.builders.requests import make_decision, make_request
from tests.unit.domain.requests.planned_topics import LAST_CALL, reports, topics


def refused(key: str = "review/1", *codes: RefusalCode) -> RefusedClaim:
    """Make a claim that does not count, for being too short unless said otherwise."""
    claim = make_claim()
    refusals = tuple(Refusal(code, "why") for code in codes or (RefusalCode.RATIONALE_SHORT,))
    return RefusedClaim(key, claim.channel, claim.person, claim.given_at, refusals)


def holding(*claims: RefusedClaim, needed: int = 0, last_call: bool = False) -> Decision:
    """Make a hold beside which these claims were refused."""
    codes = (ReasonCode.VALIDATION_FAILED, ReasonCode.OVERRIDE_INCOMPLETE)
    return make_decision(Verdict.WAIT, *codes, refused=claims, needed=needed, last_call=last_call)


def test_refusal_is_told_once() -> None:
    """A refused override is news although the hold is told already, and only once."""
    (topic,) = topics(holding(refused()), make_report())
    assert topic == "validation_failed+override_incomplete+review/1=rationale_short"
    assert topics(holding(refused()), make_report(), make_report(2, topic=topic)) == []


@pytest.mark.parametrize(
    "decision",
    [
        holding(refused("review/2")),
        holding(refused("review/1", RefusalCode.NOT_ACKNOWLEDGED)),
        holding(refused(), refused("review/2")),
        holding(refused(), needed=1),
        holding(),
    ],
)
def test_other_refusal_is_news(decision: Decision) -> None:
    """Another claim, another fault, or one more of several approvals is told as well."""
    (topic,) = topics(holding(refused()))
    assert len(topics(decision, make_report(topic=topic))) == 1


def test_needed_approvals_are_news() -> None:
    """Each further person of several is told of."""
    (two,) = topics(holding(needed=2))
    assert topics(holding(needed=1), make_report(topic=two)) == [
        "validation_failed+override_incomplete+1 more"
    ]


def test_refusal_after_the_last_call() -> None:
    """Whoever overrides in the last hour is answered, once, and the last call is not repeated."""
    late = holding(refused(), last_call=True)
    called = make_report(topic="last_call/1")
    (topic,) = topics(late, called)
    assert topic == "last_call/1+review/1=rationale_short"
    assert topics(late, called, make_report(2, topic=topic)) == []
    assert topics(LAST_CALL, make_report(topic=topic)) == []
    assert topics(late, *reports(9), replace(called, effect=reports(10)[9].effect)) == []


def test_refusals_keep_to_the_budget() -> None:
    """However many overrides are refused, one report is left for the last call."""
    assert topics(holding(refused()), *reports(9)) == []
    assert len(topics(holding(refused(), last_call=True), *reports(9))) == 1


def test_review_after_an_override() -> None:
    """An override is answered by one review whose topic says so."""
    released = make_decision(Verdict.APPROVE, ReasonCode.OVERRIDE, override=make_record())
    (effect,) = plan(released, make_request(), Ledger(), NOW)
    assert (effect.kind, effect.topic) == (EffectKind.REVIEW, "override")
    assert "hubot" in effect.comment
