"""Settle what became of a review whose answer was lost or ambiguous.

Pure. A review that was begun is never repeated before GitHub was asked whether the gate still
pends: a lost response may hide an answer that was applied.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.model.ledger import EffectStatus, Ledger, LedgerEntry
from gate.domain.requests.closing import SECOND_LOOK, Sighting

_AMBIGUOUS: Final = frozenset({EffectStatus.SENDING, EffectStatus.UNKNOWN})
_NOT_OURS: Final = frozenset({"cancelled"})
_WAITING: Final = "waiting"
_NOTHING_PENDING: Final = "nothing_pending"


class Settlement(StrEnum):
    """What is known of a begun review after a look at the gate."""

    LANDED = "landed"
    NOT_LANDED = "not_landed"
    OPEN = "open"


def needs_look(review: LedgerEntry | None) -> bool:
    """Return whether a review was begun and it is not certain how it ended.

    A refusal needs the look too: GitHub says that nothing pends, which may be its own lag.
    """
    return review is not None and review.is_begun and review.status is not EffectStatus.DONE


NOT_LANDED: Final = "not_landed"
"""The outcome on record of a review that had not been applied when the gate was looked at."""


def may_have_landed(review: LedgerEntry) -> bool:
    """Return whether a review may have been applied after the look that did not show it.

    A process that was stopped in the middle of the call sends it when it goes on. So whoever lets
    the deployment go on afterwards is not taken for a bypass.
    """
    return review.is_unsettled or review.maybe_landed


def settle(
    review: LedgerEntry | None, ledger: Ledger, sighting: Sighting, now: datetime
) -> Settlement:
    """Read from the gate, and from what GitHub said since, whether a begun review was applied.

    Still pending: it was not, unless GitHub has refused a later report because our rule does not
    pend; then somebody else is awaited. Gone: see `_settle_gone`. A refused review is never taken
    for applied.
    """
    if review is None or sighting.pending is None:
        return Settlement.OPEN
    if not sighting.pending:
        return _settle_gone(review, sighting, now)
    if not review.is_done and _is_denied(review, ledger):
        return Settlement.LANDED
    return Settlement.NOT_LANDED if needs_look(review) else Settlement.OPEN


def _settle_gone(review: LedgerEntry, sighting: Sighting, now: datetime) -> Settlement:
    """Settle a review whose gate is gone: it was applied, unless the run was cancelled or is gone.

    GitHub's listing may not show the gate yet, so a gate whose deployment shows no trace of the
    answer is believed to be gone only a while after the review was begun.
    """
    cancelled = sighting.run is not None and sighting.run.conclusion in _NOT_OURS
    if review.status not in _AMBIGUOUS or cancelled or sighting.run_gone:
        return Settlement.OPEN
    is_old = review.begun_at is not None and now - review.begun_at >= SECOND_LOOK
    if is_old or any(state != _WAITING for state in sighting.deployment_states):
        return Settlement.LANDED
    return Settlement.OPEN


def _is_denied(review: LedgerEntry, ledger: Ledger) -> bool:
    """Return whether GitHub, after a review that may have landed, no longer asks our rule.

    While a review is lost, required reviewers keep the environment pending, so that a look cannot
    tell. A status report is refused then.
    """
    return may_have_landed(review) and any(
        report.round == review.round
        and report.outcome == _NOTHING_PENDING
        and report.begun_at is not None
        and review.begun_at is not None
        and report.begun_at >= review.begun_at
        for report in ledger.reports
    )
