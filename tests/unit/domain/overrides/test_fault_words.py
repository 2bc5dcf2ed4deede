"""What people read about an override and about each fault of a claim."""

from datetime import timedelta
from typing import Any

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import AccountId, RunId
from gate.domain.model.overrides import (
    OverrideAsk,
    Standing,
    describe_refused,
)
from gate.domain.model.policy.policy import OverridePolicy, ValidationState
from gate.domain.overrides.rationale import LARGEST_RATIONALE
from gate.domain.overrides.rule import ask_for
from tests.support.builders.defaults import ENVIRONMENT, NOW, OTHER_SHA, before
from tests.support.builders.overrides import make_claim, make_standing
from tests.support.builders.requests import make_request
from tests.support.builders.runs import make_account, make_run
from tests.unit.domain.overrides.judged_claims import FAILED, MONA, REASON, WORDS, judged


@pytest.mark.parametrize(
    ("code", "mendable"),
    [
        ({"rationale": ""}, True),
        ({"rationale": "", "run_attempt": 2}, False),
        ({"person": MONA}, False),
    ],
)
def test_mendable(code: dict[str, Any], mendable: bool) -> None:
    """Whoever only said too little can say more; whoever may not override cannot."""
    assert judged(make_claim(**code)).refused[0].is_mendable is mendable


def test_words_for_a_refusal() -> None:
    """A refusal names person, place, time and every fault on one line."""
    claim = make_claim(
        person=make_account("eve\n@x", id=5), rationale="ok", given_at=NOW - timedelta(minutes=2)
    )
    (refused,) = judged(
        claim, standings=(Standing(AccountId(5), may=False, detail="no\nreviewer"),)
    ).refused
    assert describe_refused(refused) == (
        "eve @x (review, 2026-03-02 11:58 UTC): they are not an eligible reviewer: no reviewer; "
        "the rationale needs 18 more characters (minimum 20, without spaces and"
        " “I accept the risk”); the rationale must contain “I accept the risk”"
    )


def test_what_an_override_takes() -> None:
    """People are told how to override only where it can be done."""
    policy = OverridePolicy(approvals=2)
    request = make_request()
    assert ask_for(policy, request, FAILED) == OverrideAsk(
        f"{ENVIRONMENT}-override", 2, 20, "I accept the risk"
    )
    assert ask_for(OverridePolicy(allow=False), request, FAILED) is None
    assert ask_for(OverridePolicy(holds=()), request, FAILED) is None
    running = Evidence(ValidationState.RUNNING, make_run(), "")
    assert ask_for(OverridePolicy(holds=tuple(ValidationState)), request, running) is None


@pytest.mark.parametrize(
    ("claim", "context", "detail"),
    [
        ({}, {"allow": False}, "the policy does not allow overrides"),
        (
            {},
            {"holds": ()},
            "the policy does not allow overriding a hold on a failed validation",
        ),
        (
            {"given_at": before(hours=9)},
            {},
            "it was given before or just as this hold began; repeat it in a comment",
        ),
        ({"run_id": RunId(602)}, {}, "it is for run 602, attempt 1"),
        (
            {"head_sha": OTHER_SHA},
            {},
            f"it is for commit {OTHER_SHA[:7]}, not {make_request().head_sha[:7]}",
        ),
        ({"environment": "staging"}, {}, f"it was given for staging, not for {ENVIRONMENT}"),
        ({"is_person": False}, {}, "only a person can override, not a bot or an App"),
        ({}, {"triggered_by": None}, "the gate does not know yet who started the deployment"),
        (
            {"person": MONA},
            {},
            "they started the deployment, and the policy does not allow self-review",
        ),
        (
            {},
            {"standings": (make_standing(may=False, detail="no reviewer"),)},
            "they are not an eligible reviewer: no reviewer",
        ),
        (
            {},
            {"standings": ()},
            "the gate has not checked yet whether they are an eligible reviewer",
        ),
        (
            {"rationale": "x" * (LARGEST_RATIONALE + 1)},
            {},
            "the rationale is longer than 8 KiB",
        ),
        (
            {"rationale": WORDS},
            {},
            (
                "the rationale needs 20 more characters (minimum 20, without spaces and"
                " “I accept the risk”)"
            ),
        ),
        (
            {"rationale": f"{WORDS} because nineteen letters"},
            {"min_length": 23},
            (
                "the rationale needs 1 more character (minimum 23, without spaces and"
                " “I accept the risk”)"
            ),
        ),
        ({"rationale": REASON}, {}, f"the rationale must contain “{WORDS}”"),
    ],
)
def test_each_fault_says_what_it_is(
    claim: dict[str, Any], context: dict[str, Any], detail: str
) -> None:
    """In words for the person who gave it."""
    (refused,) = judged(make_claim(**claim), **context).refused
    assert [it.detail for it in refused.refusals] == [detail]
