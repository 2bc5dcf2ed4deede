"""What would change a decision, in one sentence for each reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from gate.domain.model.overrides import OverrideAsk
from gate.domain.model.policy.policy import ValidationRule
from gate.domain.requests.decision import ReasonCode, Verdict
from gate.domain.requests.explanation.change import describe_change
from tests.support.builders.requests import make_decision

RULE: Final = ValidationRule(workflow=".github/workflows/check.yml")
ASK: Final = OverrideAsk(
    acknowledge="I accept the risk", min_length=20, approvals=1, environment="o"
)
GREEN: Final = "A successful run of check.yml"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (ReasonCode.VALIDATION_FAILED, f"{GREEN}."),
        (ReasonCode.VALIDATION_RUNNING, "The end of the running validation."),
        (ReasonCode.VALIDATION_INCONCLUSIVE, f"{GREEN}."),
        (ReasonCode.VALIDATION_MISSING, f"{GREEN}."),
        (ReasonCode.VALIDATION_STALE, "A new successful run of check.yml."),
        (ReasonCode.VALIDATION_UNCOVERED, f"{GREEN} that covers this deployment."),
        (
            ReasonCode.VALIDATION_WAITS_FOR_ITSELF,
            f"{GREEN} whose jobs do not use the gated environment.",
        ),
        (ReasonCode.OVERRIDE_INCOMPLETE, "A complete override."),
        (ReasonCode.OVERRIDE_INELIGIBLE, "An override by an eligible reviewer."),
        (ReasonCode.POLICY_INVALID, "A valid policy on the default branch."),
        (
            ReasonCode.POLICY_UNAVAILABLE,
            "GitHub returning the policy, which the gate keeps asking for.",
        ),
        (
            ReasonCode.ENVIRONMENT_NOT_IN_POLICY,
            "An entry for this environment in the policy on the default branch.",
        ),
        (
            ReasonCode.FACTS_UNAVAILABLE,
            "GitHub returning the facts, which the gate keeps asking for.",
        ),
    ],
)
def test_each_reason_has_its_remedy(code: ReasonCode, sentence: str) -> None:
    """A workflow is named as people know its file."""
    assert describe_change(make_decision(Verdict.WAIT, code), RULE, is_answered=False) == sentence


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence(code: ReasonCode) -> None:
    """Without a rule too, where no policy could be used."""
    sentence = describe_change(make_decision(Verdict.WAIT, code), None, is_answered=False)
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.parametrize(
    ("approvals", "needed", "people"),
    [
        (1, 0, "one eligible reviewer"),
        (2, 0, "2 eligible reviewers"),
        (2, 1, "one more eligible reviewer"),
    ],
)
def test_an_override_is_named_beside_the_remedy(approvals: int, needed: int, people: str) -> None:
    """Only where the policy lets people override, with how many are still needed."""
    held = make_decision(ask=replace(ASK, approvals=approvals))
    sentence = describe_change(replace(held, needed=needed), RULE, is_answered=False)
    assert sentence == f"{GREEN}, or a complete override by {people}."


@pytest.mark.parametrize(
    ("verdict", "beginning"),
    [
        (Verdict.APPROVE, "Nothing: the gate approved this attempt"),
        (Verdict.REJECT, "Nothing: the gate rejected this attempt"),
        (Verdict.WAIT, "Nothing: GitHub no longer waits"),
    ],
)
def test_an_answer_is_final(verdict: Verdict, beginning: str) -> None:
    """Whatever was decided, nothing changes it once GitHub has it or waits no more."""
    decided = make_decision(verdict, ask=ASK)
    assert describe_change(decided, RULE, is_answered=True).startswith(beginning)
