"""What the policy of the organization holds beside the policy of the repository."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.model.ids import AccountId
from gate.domain.model.policy.policy import (
    Policy,
    ValidationState,
)
from gate.domain.requests.decide import LOOK_AGAIN, decide
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from tests.support.builders.defaults import DIGEST, ENVIRONMENT, NOW, TICK, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.policies import make_environment, make_policy
from tests.support.builders.requests import make_facts, make_request
from tests.support.builders.runs import make_run
from tests.unit.domain.requests.decided_requests import GREEN


def test_a_floor_holds_what_a_stricter_policy_lets_be_overridden() -> None:
    """Another hold than the floor's is overridden: the floor's own, which may not be, stays."""
    run = make_run(started_at=before(hours=2), updated_at=before(hours=1), jobs=())
    facts = make_facts(
        validations=(run,),
        claims=(make_claim(),),
        standings=(make_standing(make_claim().person),),
        triggered_by=(AccountId(7),),
    )
    floor = make_environment(max_age=timedelta(hours=1), holds=(ValidationState.INCONCLUSIVE,))
    own = replace(floor, validation=replace(floor.validation, required_jobs=("flows",)))
    reading = make_policy(own)
    assert decide(reading, facts, NOW).reason is ReasonCode.OVERRIDE
    held = decide(replace(reading, floor=Policy({ENVIRONMENT: floor})), facts, NOW)
    assert (held.verdict, held.reason) == (Verdict.WAIT, ReasonCode.VALIDATION_STALE)
    assert held.reasons[0].detail.endswith(", by the organization's policy")


def test_what_a_floor_does_not_name_it_does_not_hold() -> None:
    """An environment of the repository alone is judged by the repository's policy."""
    reading = make_policy()
    facts = make_facts(validations=(make_run(),))
    floor = Policy({"staging": make_environment(max_age=timedelta(seconds=1))})
    assert decide(replace(reading, floor=floor), facts, NOW) == decide(reading, facts, NOW)


def floored(floor_age: timedelta, own_age: timedelta, *, started_at: datetime) -> Decision:
    """Decide on a green run by a policy whose floor looks at its age, too."""
    reading = make_policy(max_age=own_age, holds=(ValidationState.STALE,))
    floor = Policy({ENVIRONMENT: make_environment(max_age=floor_age, holds=())})
    facts = make_facts(
        validations=(make_run(started_at=started_at, updated_at=started_at),),
        claims=(make_claim(given_at=before(seconds=-1)),),
        standings=(make_standing(make_claim().person),),
        triggered_by=(AccountId(7),),
    )
    return decide(replace(reading, floor=floor), facts, NOW)


@pytest.mark.parametrize(
    ("own_age", "recheck_after"),
    [
        (timedelta(minutes=62), timedelta(minutes=2) + TICK),
        (timedelta(hours=2), LOOK_AGAIN),
        (timedelta(minutes=60) - TICK, LOOK_AGAIN),
        (timedelta(minutes=30), LOOK_AGAIN),
    ],
)
def test_a_hold_by_the_floor_is_looked_at_when_the_own_evidence_ends(
    own_age: timedelta, recheck_after: timedelta
) -> None:
    """From then on the policy's own hold is another one. A moment that is past is none."""
    held = floored(timedelta(minutes=10), own_age, started_at=before(hours=1))
    assert (held.verdict, held.reason) == (Verdict.WAIT, ReasonCode.VALIDATION_STALE)
    assert held.recheck_at == NOW + recheck_after
    assert held.policy_digest == DIGEST


def test_a_floor_that_gives_up_says_whose_end_it_is() -> None:
    """Its end may come before the policy's own."""
    own = make_policy(give_up_after=timedelta(hours=2))
    floor = make_environment(give_up_after=timedelta(hours=1), max_age=timedelta(minutes=1))
    request = make_request(waiting_since=before(hours=1))
    facts = make_facts(request=request, validations=(GREEN,))
    decision = decide(replace(own, floor=Policy({ENVIRONMENT: floor})), facts, NOW)
    assert (decision.verdict, decision.reason) == (Verdict.REJECT, ReasonCode.GAVE_UP)
    assert decision.reasons[0].detail == "by the organization's policy"
    assert (decision.policy_digest, decision.recheck_at) == (DIGEST, None)
