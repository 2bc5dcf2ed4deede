"""What keeps a claim from counting."""

from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import RunId
from gate.domain.model.overrides import (
    OverrideChannel,
    RefusalCode,
    describe_refused,
)
from gate.domain.model.policy.policy import ValidationState
from gate.domain.overrides.rationale import LARGEST_RATIONALE
from tests.support.builders.defaults import ENVIRONMENT, OTHER_SHA, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.runs import make_run
from tests.unit.domain.overrides.judged_claims import MONA, REASON, SECOND, WORDS, faults, judged


@pytest.mark.parametrize("channel", OverrideChannel)
def test_accepted(channel: OverrideChannel) -> None:
    """Each channel releases a hold when nothing is wrong."""
    environment = ENVIRONMENT
    if channel is OverrideChannel.ENVIRONMENT:
        environment = f"{ENVIRONMENT}-override"
    claim = make_claim(channel=channel, environment=environment)
    judgment = judged(claim)
    assert judgment.is_complete
    assert judgment.accepted == (claim,)
    assert (judgment.refused, judgment.outstanding, judgment.unknown) == ((), (), ())
    assert judgment.needed == 0
    assert not judgment.asks_trigger


@pytest.mark.parametrize(
    ("claim", "context", "expected"),
    [
        ({}, {"allow": False}, ["not_allowed"]),
        ({}, {"holds": (ValidationState.STALE,)}, ["hold_not_overridable"]),
        ({}, {"holds": ()}, ["hold_not_overridable"]),
        ({"run_id": RunId(602)}, {}, ["other_attempt"]),
        ({"run_attempt": 2}, {}, ["other_attempt"]),
        ({"head_sha": OTHER_SHA}, {}, ["other_commit"]),
        ({"environment": "staging"}, {}, ["other_environment"]),
        ({"environment": ENVIRONMENT.upper()}, {}, []),
        ({"channel": OverrideChannel.ENVIRONMENT}, {}, ["other_environment"]),
        ({"environment": f"{ENVIRONMENT}-override"}, {}, ["other_environment"]),
        (
            {"channel": OverrideChannel.ENVIRONMENT, "environment": "Release"},
            {"environment": "release"},
            [],
        ),
        ({"is_person": False}, {}, ["not_a_person"]),
        ({"person": MONA}, {}, ["self_review"]),
        ({"person": MONA}, {"triggered_by": (SECOND.id, MONA.id)}, ["self_review"]),
        ({"person": MONA}, {"prevent_self_review": False}, []),
        ({}, {"triggered_by": None}, ["trigger_unknown"]),
        ({}, {"triggered_by": ()}, ["trigger_unknown"]),
        ({}, {"triggered_by": None, "prevent_self_review": False}, []),
        ({}, {"standings": (make_standing(may=False),)}, ["not_eligible"]),
        (
            {},
            {"standings": (make_standing(), make_standing(may=False))},
            ["not_eligible"],
        ),
        ({}, {"standings": ()}, ["eligibility_unknown"]),
        ({}, {"standings": (make_standing(SECOND),)}, ["eligibility_unknown"]),
        ({"rationale": ""}, {}, ["rationale_short", "not_acknowledged"]),
        ({"rationale": WORDS}, {}, ["rationale_short"]),
        ({"rationale": f"{WORDS} {'x' * 19}"}, {}, ["rationale_short"]),
        ({"rationale": f"{WORDS} {'x' * 20}"}, {}, []),
        ({"rationale": f"{WORDS} x"}, {"min_length": 1}, []),
        ({"rationale": REASON}, {}, ["not_acknowledged"]),
        ({"rationale": f"{REASON} Ja"}, {"acknowledge": "ja"}, []),
        (
            {"rationale": f"{REASON} {WORDS}".ljust(LARGEST_RATIONALE + 1)},
            {},
            ["rationale_too_long"],
        ),
        ({"rationale": f"{REASON} {WORDS}".ljust(LARGEST_RATIONALE)}, {}, []),
    ],
)
def test_faults(claim: dict[str, Any], context: dict[str, Any], expected: list[str]) -> None:
    """Each fault alone keeps a claim from counting, and is the only one named."""
    assert faults(make_claim(**claim), **context) == expected


def test_every_fault_is_listed() -> None:
    """All that is wrong with a claim is told at once, in the order of the enum."""
    bad = make_claim(
        run_attempt=3,
        head_sha=OTHER_SHA,
        environment="staging",
        is_person=False,
        rationale="ok",
        given_at=before(days=1),
    )
    found = faults(bad, allow=False, standings=(), triggered_by=None)
    assert found == [
        code
        for code in RefusalCode
        if code
        not in {
            RefusalCode.HOLD_NOT_OVERRIDABLE,
            RefusalCode.SELF_REVIEW,
            RefusalCode.NOT_ELIGIBLE,
            RefusalCode.RATIONALE_TOO_LONG,
        }
    ]


@pytest.mark.parametrize("state", [ValidationState.RUNNING, ValidationState.PASSED])
def test_never_overridden(state: ValidationState) -> None:
    """A running validation's result is waited for, whatever the policy lists."""
    evidence = Evidence(state, make_run(), "")
    assert faults(make_claim(), evidence=evidence, holds=tuple(ValidationState)) == [
        "hold_not_overridable"
    ]


def test_what_the_gate_looks_up_is_no_fault_beside_a_real_one() -> None:
    """People need not read what they cannot change; where nothing else is wrong, it is said."""
    (unknown,) = judged(make_claim(), standings=()).refused
    assert [it.code for it in unknown.faults] == [RefusalCode.ELIGIBILITY_UNKNOWN]
    (lacking,) = judged(make_claim(rationale=REASON), standings=(), triggered_by=None).refused
    assert len(lacking.codes) == 3
    assert describe_refused(lacking).endswith(
        " UTC): the rationale must contain “I accept the risk”"
    )
