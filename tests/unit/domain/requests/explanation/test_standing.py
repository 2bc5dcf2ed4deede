"""Where a deployment stands, in one word and one sentence."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.model.request import CLOSED_WITHOUT_US, RequestState
from gate.domain.requests.closing import Closure
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.explanation.outcome import describe_outcome
from gate.domain.requests.explanation.standing import describe_standing
from tests.support.builders.requests import make_decision

FAILED: Final = ReasonCode.VALIDATION_FAILED
OBSERVED: Final = (
    "Approved: the policy only observes and holds nothing; found: production validation failed."
)


@pytest.mark.parametrize(
    ("state", "decision", "shown"),
    [
        (
            RequestState.OPEN,
            None,
            ("run", "checking", "The gate has not looked at this deployment yet."),
        ),
        (
            RequestState.WAITING,
            make_decision(Verdict.WAIT, FAILED),
            ("fail", "on hold", "On hold: production validation failed."),
        ),
        (
            RequestState.WAITING,
            make_decision(Verdict.WAIT, ReasonCode.POLICY_INVALID),
            ("hold", "on hold", "On hold: the policy file is invalid."),
        ),
        (
            RequestState.WAITING,
            make_decision(Verdict.WAIT, ReasonCode.VALIDATION_STALE),
            ("hold", "on hold", "On hold: the last production validation is too old."),
        ),
        (
            RequestState.REJECTED,
            make_decision(Verdict.REJECT, FAILED),
            ("fail", "rejected", "Rejected: production validation failed."),
        ),
        (
            RequestState.APPROVED,
            make_decision(Verdict.APPROVE, ReasonCode.OBSERVE_MODE, FAILED),
            (
                "pass",
                "approved",
                OBSERVED,
            ),
        ),
    ],
)
def test_a_standing_has_a_shape_a_word_and_a_sentence(
    state: RequestState, decision: Decision | None, shown: tuple[str, str, str]
) -> None:
    """Red is for what has failed, not for all that waits."""
    reason = decision.reason.value if decision is not None else None
    standing = describe_standing(state, reason, decision)
    assert (standing.kind, standing.word, standing.sentence) == shown


@pytest.mark.parametrize("closure", Closure)
@pytest.mark.parametrize("state", sorted(CLOSED_WITHOUT_US))
def test_an_end_without_the_gate_is_named(state: RequestState, closure: Closure) -> None:
    """Whatever was decided before it says nothing any more."""
    standing = describe_standing(state, closure.value, make_decision(Verdict.WAIT, FAILED))
    assert "On hold" not in standing.sentence
    assert standing.sentence.endswith(".")
    assert (standing.word == "bypassed") == (
        (state, closure) == (RequestState.RESOLVED_ELSEWHERE, Closure.BYPASSED)
    )


@pytest.mark.parametrize("state", RequestState)
def test_lists_and_pages_use_the_same_word(state: RequestState) -> None:
    """A row of the history leads to a page that says the same."""
    assert describe_standing(state, None, None).word == describe_outcome(state, None).word
