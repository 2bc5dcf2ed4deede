"""The list of rules says what the decision says, whatever is drawn."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings

from gate.domain.evidence.judge import judge_facts
from gate.domain.model.policy.policy import LoadedPolicy, ValidationState
from gate.domain.requests.decide import decide, deciding_policy
from gate.domain.requests.decision import ReasonCode
from gate.domain.requests.explanation.rules import Outcome, first_failed, list_rules
from tests.property.strategies.cases import Case, cases

_BESIDE: Final = {ReasonCode.GAVE_UP, ReasonCode.OBSERVE_MODE, ReasonCode.OVERRIDE}
"""The reasons that come before what was found."""


def main_finding(case: Case) -> ReasonCode:
    """Return the first reason that tells what was found."""
    reasons = decide(case.reading, case.facts, case.now).reasons
    return next(it.code for it in reasons if it.code not in _BESIDE)


@settings(max_examples=2000)
@given(case=cases())
def test_the_first_failed_rule_names_the_main_reason(case: Case) -> None:
    """What fails first is what the decision names first."""
    failed = first_failed(list_rules(case.reading, case.facts, case.now))
    found = main_finding(case)
    assert (failed.code if failed is not None else ReasonCode.VALIDATION_PASSED) is found


@settings(max_examples=1000)
@given(case=cases())
def test_all_rules_pass_exactly_when_the_evidence_does(case: Case) -> None:
    """No rule is missing, and none is stricter or laxer than the judge."""
    rules = list_rules(case.reading, case.facts, case.now)
    passed = False
    if isinstance(case.reading, LoadedPolicy) and case.facts.unavailable is None:
        policy = deciding_policy(case.reading, case.facts, case.now)
        if policy is not None:
            evidence = judge_facts(policy.validation, case.facts, case.now)
            passed = evidence.state is ValidationState.PASSED
    assert all(rule.outcome is Outcome.PASSED for rule in rules) is passed


@given(case=cases())
def test_only_a_failed_rule_has_a_reason(case: Case) -> None:
    """A rule that passed, or was not reached, accuses nobody."""
    for rule in list_rules(case.reading, case.facts, case.now):
        assert (rule.code is not None) is (rule.outcome is Outcome.FAILED)
