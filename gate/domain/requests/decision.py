"""Describe what was decided on a request, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gate.domain.evidence.evidence import Evidence
from gate.domain.model.facts import NOBODY, Behind
from gate.domain.model.overrides import (
    OverrideAsk,
    OverrideRecord,
    RefusedClaim,
)


class Verdict(StrEnum):
    """What the gate concludes."""

    APPROVE = "approve"
    REJECT = "reject"
    WAIT = "wait"


class ReasonCode(StrEnum):
    """Why; stable slugs shared by logs, API, metrics and docs (docs/reference/reasons.md)."""

    VALIDATION_PASSED = "validation_passed"
    OVERRIDE = "override"
    OBSERVE_MODE = "observe_mode"
    VALIDATION_FAILED = "validation_failed"
    VALIDATION_RUNNING = "validation_running"
    VALIDATION_INCONCLUSIVE = "validation_inconclusive"
    VALIDATION_MISSING = "validation_missing"
    VALIDATION_STALE = "validation_stale"
    VALIDATION_UNCOVERED = "validation_uncovered"
    VALIDATION_WAITS_FOR_ITSELF = "validation_waits_for_itself"
    OVERRIDE_INCOMPLETE = "override_incomplete"
    OVERRIDE_INELIGIBLE = "override_ineligible"
    POLICY_INVALID = "policy_invalid"
    POLICY_UNAVAILABLE = "policy_unavailable"
    ENVIRONMENT_NOT_IN_POLICY = "environment_not_in_policy"
    FACTS_UNAVAILABLE = "facts_unavailable"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Reason:
    """A slug first, and what makes it concrete second. `detail` may quote hostile text."""

    code: ReasonCode
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one request, with all that was weighed.

    `reasons` is never empty and its first element is the main one. `recheck_at` is set exactly when
    the verdict is WAIT; it lies in the future, and nothing about this decision changes before it
    unless a fact does. `last_call` says that the hold is about to end.

    `override` is set exactly when the verdict rests on one. For a WAIT, `ask` says what an override
    would take, where one may be given, `refused` which claims do not count, and `needed` how many
    more people must override when some have. `behind` counts the newer runs that a WAIT holds up.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    evidence: Evidence | None
    policy_digest: str
    recheck_at: datetime | None
    give_up_at: datetime
    last_call: bool = False
    override: OverrideRecord | None = None
    ask: OverrideAsk | None = None
    refused: tuple[RefusedClaim, ...] = ()
    needed: int = 0
    behind: Behind = NOBODY

    @property
    def reason(self) -> ReasonCode:
        """Return the main reason."""
        return self.reasons[0].code
