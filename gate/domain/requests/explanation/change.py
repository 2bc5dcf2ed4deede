"""Describe in one sentence what would change a decision.

Pure, and plain text; names from a policy are quoted as they are.
"""

from __future__ import annotations

from typing import Final

from gate.domain.model.policy.policy import ValidationRule
from gate.domain.requests.decision import Decision, ReasonCode, Verdict

_SETTLED: Final = {
    Verdict.APPROVE: "Nothing: the gate approved this attempt, and an answer is final.",
    Verdict.REJECT: (
        "Nothing: the gate rejected this attempt, and an answer is final; a re-run of the"
        " deployment is judged again."
    ),
}

_CHANGES: Final = {
    ReasonCode.VALIDATION_PASSED: "the gate's answer, which it is sending to GitHub now",
    ReasonCode.OVERRIDE: "the gate's answer, which it is sending to GitHub now",
    ReasonCode.OBSERVE_MODE: "the gate's answer, which it is sending to GitHub now",
    ReasonCode.VALIDATION_FAILED: "a successful run of {workflow}",
    ReasonCode.VALIDATION_RUNNING: "the end of the running validation",
    ReasonCode.VALIDATION_INCONCLUSIVE: "a successful run of {workflow}",
    ReasonCode.VALIDATION_MISSING: "a successful run of {workflow}",
    ReasonCode.VALIDATION_STALE: "a new successful run of {workflow}",
    ReasonCode.VALIDATION_UNCOVERED: "a successful run of {workflow} that covers this deployment",
    ReasonCode.VALIDATION_WAITS_FOR_ITSELF: (
        "a successful run of {workflow} whose jobs do not use the gated environment"
    ),
    ReasonCode.OVERRIDE_INCOMPLETE: "a complete override",
    ReasonCode.OVERRIDE_INELIGIBLE: "an override by an eligible reviewer",
    ReasonCode.POLICY_INVALID: "a valid policy on the default branch",
    ReasonCode.POLICY_UNAVAILABLE: "GitHub returning the policy, which the gate keeps asking for",
    ReasonCode.ENVIRONMENT_NOT_IN_POLICY: (
        "an entry for this environment in the policy on the default branch"
    ),
    ReasonCode.FACTS_UNAVAILABLE: "GitHub returning the facts, which the gate keeps asking for",
    ReasonCode.GAVE_UP: "the gate's answer, which it is sending to GitHub now",
}


def describe_change(decision: Decision, rule: ValidationRule | None, *, is_answered: bool) -> str:
    """Return what would change a decision, in one sentence.

    `rule` is the validation that the policy asks for; None where no policy could be used.
    """
    if is_answered and decision.verdict is not Verdict.WAIT:
        return _SETTLED[decision.verdict]
    if is_answered:
        return "Nothing: GitHub no longer waits for the gate's answer."
    workflow = rule.workflow.rpartition("/")[2] if rule is not None else "the validation"
    change = _CHANGES[decision.reason].format(workflow=workflow)
    beside = ""
    if decision.ask is not None and decision.verdict is Verdict.WAIT:
        people = decision.needed or decision.ask.approvals
        more = " more" if decision.needed else ""
        reviewers = (
            f"{people}{more} eligible reviewers" if people > 1 else (f"one{more} eligible reviewer")
        )
        beside = f", or a complete override by {reviewers}"
    return f"{change[0].upper()}{change[1:]}{beside}."
