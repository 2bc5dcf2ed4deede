"""Say what became of a review whose answer was lost or ambiguous.

Pure. A review that was begun is never repeated before GitHub was asked whether the gate still
pends: a lost response may hide an answer that was applied.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.closing import SECOND_LOOK, Sighting
from gate.domain.ledger import EffectStatus, LedgerEntry

_AMBIGUOUS: Final = frozenset({EffectStatus.SENDING, EffectStatus.UNKNOWN})
_NOT_OURS: Final = frozenset({"cancelled"})
_WAITING: Final = "waiting"


class Settlement(StrEnum):
    """What is known of a begun review after a look at the gate."""

    LANDED = "landed"
    NOT_LANDED = "not_landed"
    OPEN = "open"


def needs_look(review: LedgerEntry | None) -> bool:
    """Say whether a review was begun and it is not certain how it ended.

    A refusal needs the look too: GitHub says that nothing pends, which may be its own lag.
    """
    return review is not None and review.is_begun and review.status is not EffectStatus.DONE


NOT_LANDED: Final = "not_landed"
"""The outcome on record of a review that had not been applied when the gate was looked at."""


def may_have_landed(review: LedgerEntry) -> bool:
    """Say whether a review may have been applied after the look that did not show it.

    A process that was stopped in the middle of the call sends it when it goes on. So whoever lets
    the deployment go on afterwards is not taken for somebody else.
    """
    return review.is_unsettled or review.maybe_landed


def settle(review: LedgerEntry | None, sighting: Sighting, now: datetime) -> Settlement:
    """Read from the gate whether a begun review was applied.

    Still pending: it was not. Gone: it was, unless the run was cancelled or no longer exists; but
    GitHub's listing may not show the gate yet, so a gate whose deployment shows no trace of the
    answer is believed to be gone only a while after the review was begun. A refused review is never
    taken for applied.
    """
    if review is None or not needs_look(review) or sighting.pending is None:
        return Settlement.OPEN
    if sighting.pending:
        return Settlement.NOT_LANDED
    cancelled = sighting.run is not None and sighting.run.conclusion in _NOT_OURS
    if review.status not in _AMBIGUOUS or cancelled or sighting.run_gone:
        return Settlement.OPEN
    is_old = review.begun_at is not None and now - review.begun_at >= SECOND_LOOK
    if is_old or any(state != _WAITING for state in sighting.deployment_states):
        return Settlement.LANDED
    return Settlement.OPEN
