"""Name where a request stands in a word, for lists of many. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gate.domain.model.request import RequestState
from gate.domain.requests.closing import Closure
from gate.domain.requests.decision import ReasonCode, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a request stands: `kind` is how pages mark it."""

    kind: str
    word: str


_BY_STATE: Final = {
    RequestState.OPEN: Outcome("run", "checking"),
    RequestState.WAITING: Outcome("hold", "on hold"),
    RequestState.ANSWERING: Outcome("run", "answering"),
    RequestState.APPROVED: Outcome("pass", "approved"),
    RequestState.REJECTED: Outcome("fail", "rejected"),
    RequestState.LAPSED: Outcome("none", "lapsed"),
    RequestState.RESOLVED_ELSEWHERE: Outcome("none", "resolved elsewhere"),
    RequestState.UNANSWERABLE: Outcome("none", "unanswerable"),
}
_HELD_BY_FAILURE: Final = Outcome("fail", "on hold")
_OVERRIDDEN: Final = Outcome("note", "overridden")
_BYPASSED: Final = Outcome("fail", "bypassed")


def describe_outcome(state: str, reason: str | None) -> Outcome:
    """Return where a request stands; a release past the rule has a word of its own.

    What waits because the validation failed is marked as a failure, not as any hold.
    """
    known = RequestState(state)
    if known is RequestState.WAITING and reason == ReasonCode.VALIDATION_FAILED:
        return _HELD_BY_FAILURE
    if known is RequestState.APPROVED and reason == ReasonCode.OVERRIDE:
        return _OVERRIDDEN
    if known is RequestState.RESOLVED_ELSEWHERE and reason == Closure.BYPASSED:
        return _BYPASSED
    return _BY_STATE[known]


REASONS: Final = (*ReasonCode, *Closure)
"""Every reason that a request may rest on."""


def describe_reason(reason: str) -> str:
    """Return a reason's slug as words."""
    return reason.replace("_", " ")


CLOSED: Final = "closed"
VERDICTS: Final = (*Verdict, CLOSED)
"""Every verdict on record; `closed`: GitHub no longer waited for an answer."""
