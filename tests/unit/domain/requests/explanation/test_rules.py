"""Which rules a decision lists where little is known."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.model.policy.policy import BUILT_IN, LoadedPolicy
from gate.domain.model.reports import FlowStatus
from gate.domain.requests.decision import ReasonCode
from gate.domain.requests.explanation.rules import Outcome, Rule, list_rules
from tests.support.builders.defaults import DIGEST, NOW
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_run

LOADED: Final = LoadedPolicy(BUILT_IN, DIGEST, "acme/shop/.github/deployment-gate.yml")


def rules(**facts: object) -> dict[str, Rule]:
    """List the rules of the built-in policy by their text."""
    return {it.text: it for it in list_rules(LOADED, make_facts(**facts), NOW)}


def test_a_rerun_that_failed_needs_no_jobs() -> None:
    """That they were not read is no fault of its own: its end says enough."""
    listed = rules(validations=(make_run(run_attempt=2, conclusion="failure"),))
    assert listed["It succeeded"].code is ReasonCode.VALIDATION_FAILED
    assert "The start of each of its jobs is known" not in listed
    assert listed["It is recent enough"].outcome is Outcome.NOT_REACHED


def test_a_rerun_that_passed_needs_its_jobs() -> None:
    """Else nobody knows when its oldest part began."""
    listed = rules(validations=(make_run(run_attempt=2),))
    rule = listed["The start of each of its jobs is known"]
    assert rule.code is ReasonCode.VALIDATION_INCONCLUSIVE


@pytest.mark.parametrize(
    ("status", "seen", "code"),
    [
        (FlowStatus.PASSED, "2 flows passed", None),
        (FlowStatus.FAILED, "1 failed", ReasonCode.VALIDATION_FAILED),
        (FlowStatus.NOT_RUN, "1 did not run", ReasonCode.VALIDATION_INCONCLUSIVE),
    ],
)
def test_a_report_is_a_rule_of_its_own(
    status: FlowStatus, seen: str, code: ReasonCode | None
) -> None:
    """A flow that did not run has failed nothing, and leaves the validation without a result."""
    report = make_validation_report(make_flow(), make_flow("pay.yml", status))
    rule = rules(reports=(report,))["All its flows passed"]
    assert (rule.seen, rule.code) == (seen, code)
