"""List what makes the reasons of a decision concrete, for its comment and its page.

Pure, and raw: the lines quote what others wrote, so whoever shows them must neutralize them.
"""

from __future__ import annotations

from typing import Final

from gate.domain.model.overrides import OverrideRecord
from gate.domain.requests.decision import Decision, Reason, ReasonCode
from gate.domain.requests.explanation.flow_lines import count_failed
from gate.domain.text.escaping import cut
from gate.domain.text.fold import fold

LINE_LIMIT: Final = 280
"""Characters of one rationale or detail that a comment quotes."""

_IN_PROGRESS: Final = "in_progress"
_NO_NEWS: Final = frozenset({"the run succeeded", "the run failed"})
"""Details that say no more than the phrase of their reason."""


def list_details(decision: Decision) -> list[str]:
    """List what makes the reasons concrete; of an override, what each person said."""
    said: list[str] = []
    if decision.override is not None:
        said = _rationales(decision.override)
    lines = (
        line.strip()
        for reason in decision.reasons
        if not is_said_already(reason, decision)
        for line in reason.detail.splitlines()
    )
    return said + [line for line in lines if line]


def is_said_already(reason: Reason, decision: Decision) -> bool:
    """Check whether a reason's detail repeats what stands beside it.

    An override's are its rationales. That a run failed says less than the flows that failed in it,
    but that its report says so, where the run succeeded, is worth its line.
    """
    if reason.detail in _NO_NEWS:
        return True
    evidence = decision.evidence
    match reason.code:
        case ReasonCode.OVERRIDE:
            return decision.override is not None
        case ReasonCode.VALIDATION_FAILED if evidence is not None:
            return evidence.worsened_at is None and count_failed(evidence) > 0
        case ReasonCode.VALIDATION_RUNNING if evidence is not None and evidence.run is not None:
            return evidence.run.status == _IN_PROGRESS
        case _:
            return False


def _rationales(record: OverrideRecord) -> list[str]:
    """Return each person's words on a line of their own, so that nobody speaks for another."""
    return [
        f"{fold(claim.person.login)}: {cut(fold(claim.rationale), LINE_LIMIT)}"
        for claim in record.claims
    ]
