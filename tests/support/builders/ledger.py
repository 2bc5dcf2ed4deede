"""Build what the gate has sent to GitHub about a request, and what it still has to send."""

from __future__ import annotations

from gate.domain.model.ledger import (
    Effect,
    EffectKind,
    EffectStatus,
    Ledger,
    LedgerEntry,
    report_key,
    review_key,
)
from gate.domain.model.request import ReviewState
from gate.domain.requests.decision import ReasonCode
from tests.support.builders.requests import make_key


def make_report(
    number: int = 1,
    *,
    topic: str = ReasonCode.VALIDATION_FAILED,
    status: EffectStatus = EffectStatus.DONE,
    round: int = 1,  # noqa: A002 - the domain's word
) -> LedgerEntry:
    """Make a status report that GitHub has taken."""
    effect = Effect(report_key(make_key(), number), EffectKind.REPORT, topic, "On hold")
    return LedgerEntry(effect, round, status, attempts=1)


def make_review(
    status: EffectStatus = EffectStatus.INTENDED,
    *,
    state: ReviewState = ReviewState.APPROVED,
    round: int = 1,  # noqa: A002 - the domain's word
) -> LedgerEntry:
    """Make the review of a round, not begun yet."""
    topic = ReasonCode.VALIDATION_PASSED
    effect = Effect(
        review_key(make_key(), round), EffectKind.REVIEW, topic, "Approved", state=state
    )
    return LedgerEntry(effect, round, status, attempts=0)


def make_ledger(*entries: LedgerEntry) -> Ledger:
    """Make the ledger of a request; without entries nothing was sent yet."""
    return Ledger(entries)
