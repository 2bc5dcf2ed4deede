"""Name the reasons of a decision in words, for comments and pages alike.

Pure. A phrase stands in the middle of a sentence. What it adds in parentheses may be text that
others wrote, which whoever shows it must neutralize.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.runs import SUCCESS
from gate.domain.requests.decision import Reason, ReasonCode
from gate.domain.requests.explanation.flow_lines import count_failed

_PHRASES: Final = {
    ReasonCode.VALIDATION_PASSED: "production validation passed",
    ReasonCode.OVERRIDE: "a reviewer has overridden the hold",
    ReasonCode.OBSERVE_MODE: "the policy only observes",
    ReasonCode.VALIDATION_FAILED: "production validation failed",
    ReasonCode.VALIDATION_RUNNING: "production validation is still running",
    ReasonCode.VALIDATION_INCONCLUSIVE: "production validation was inconclusive",
    ReasonCode.VALIDATION_MISSING: "there is no production validation",
    ReasonCode.VALIDATION_STALE: "the last production validation is too old",
    ReasonCode.VALIDATION_UNCOVERED: (
        "the last production validation does not cover this deployment"
    ),
    ReasonCode.VALIDATION_WAITS_FOR_ITSELF: "production validation is itself held by this gate",
    ReasonCode.OVERRIDE_INCOMPLETE: "the override is incomplete",
    ReasonCode.OVERRIDE_INELIGIBLE: "an override was refused",
    ReasonCode.POLICY_INVALID: "the policy file is invalid",
    ReasonCode.POLICY_UNAVAILABLE: "the gate cannot read the policy from GitHub",
    ReasonCode.ENVIRONMENT_NOT_IN_POLICY: "the policy has no entry for this environment",
    ReasonCode.FACTS_UNAVAILABLE: "the gate cannot get the evidence from GitHub",
    ReasonCode.GAVE_UP: "the hold reached its time limit",
}
_MOST: Final = 4


def phrase(code: ReasonCode) -> str:
    """Name a reason."""
    return _PHRASES[code]


def describe(code: ReasonCode, evidence: Evidence | None) -> tuple[str, str]:
    """Name a reason, and what makes it concrete: how many flows failed, or how the run ended.

    The second is empty where nothing is known; a run's end is GitHub's word.
    """
    more = ""
    if code is ReasonCode.VALIDATION_FAILED:
        failed = count_failed(evidence)
        more = f"{failed} flow{'s' if failed > 1 else ''}" if failed else ""
    elif code is ReasonCode.VALIDATION_INCONCLUSIVE:
        run = evidence.run if evidence is not None else None
        conclusion = (run.conclusion or "") if run is not None and run.is_completed else ""
        if conclusion != SUCCESS:
            more = conclusion.replace("_", " ")
    return _PHRASES[code], more


def join_phrases(phrases: Iterable[str]) -> str:
    """Join the phrases of several reasons, the main one first; of many, the first few."""
    distinct = list(dict.fromkeys(phrases))
    if len(distinct) > _MOST:
        more = len(distinct) - _MOST + 1
        distinct[_MOST - 1 :] = [f"{more} more reasons"]
    return "; ".join(distinct)


def because(reasons: Iterable[Reason], evidence: Evidence | None) -> str:
    """Name the reasons as plain text, the main one first."""
    named = (describe(it.code, evidence) for it in reasons)
    return join_phrases(f"{words} ({more})" if more else words for words, more in named)


_CLOSED: Final = {
    "run_cancelled": "The run was cancelled, so GitHub no longer waits",
    "answered_elsewhere": "The wait ended without the gate",
    "bypassed": "An administrator bypassed the gate",
    "expired": "GitHub's limit of 30 days was reached",
    "answered_before": "An earlier answer covered this job",
    "answered_by_earlier_attempt": "The approval of an earlier attempt released this one",
    "run_gone": "The run no longer exists on GitHub",
}


def close_phrase(reason: str | None) -> str:
    """Name how a request ended without an answer from the gate."""
    return _CLOSED.get(reason or "", "GitHub no longer waits for the gate")
