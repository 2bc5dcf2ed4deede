"""Nothing is approved below the organization's floor, whatever a repository's policy says."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings

from gate.domain.model.policy.policy import Policy
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.property.strategies.floors import MANY_FACTS, PAIRS, Known, Pair, is_accepted
from tests.support.builders.defaults import ENVIRONMENT

often = settings(max_examples=1000)


def approves(decision: Decision) -> bool:
    """Return whether a decision lets the deployment go on."""
    return decision.verdict is Verdict.APPROVE


@often
@given(pair=PAIRS, many=MANY_FACTS)
def test_what_the_floor_holds_is_held(pair: Pair, many: Sequence[Known]) -> None:
    """Whatever is approved by an accepted policy, the floor alone would approve as well."""
    if not is_accepted(pair):
        return
    floor = Policy({ENVIRONMENT: pair.floor})
    for known in many:
        if approves(known.decide_by(pair.own, floor)):
            assert approves(known.decide_by(pair.floor))


@often
@given(pair=PAIRS, many=MANY_FACTS)
def test_an_accepted_policy_asks_for_no_less(pair: Pair, many: Sequence[Known]) -> None:
    """What an accepted policy by itself takes for a pass, the floor does.

    So it is with overrides, where both ask for the same evidence: where they do not, they may hold
    for different reasons, which `decide` settles. It settles, too, that with no job named all of
    them count, so that naming one may make a run younger.
    """
    own, floor = pair.own, pair.floor
    named = bool(own.validation.required_jobs) and not floor.validation.required_jobs
    if named or not is_accepted(pair):
        return
    alike = own.validation == floor.validation
    for known in many:
        decision = known.decide_by(own)
        if approves(decision) and (alike or decision.reason is not ReasonCode.OVERRIDE):
            assert approves(known.decide_by(floor))
