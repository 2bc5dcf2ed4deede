"""Remember what was sent to GitHub, or may have been, for one request.

One entry stands for one effect, identified by its natural key. The rules for repeating are here and
in `gate.domain.requests.plan`; storing the entries is `gate.store.requests.ledger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.model.ids import DeploymentId, RequestKey
from gate.domain.model.request import ReviewState

REPORT_LIMIT: Final = 10
"""Status reports GitHub takes for one deployment (docs: Creating custom deployment protection
rules)."""


class EffectKind(StrEnum):
    """What an effect does at GitHub."""

    REVIEW = "review"
    REPORT = "report"
    STATUS = "status"


class EffectStatus(StrEnum):
    """How far an effect has come.

    `intended`: recorded, not begun. `sending`: begun, no outcome on record; after a crash nobody
    knows whether it arrived. `unknown`: begun, and the answer was lost. `done`, `refused`: GitHub
    answered. `withdrawn`: a later decision no longer wanted it, and it was never begun.
    """

    INTENDED = "intended"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_BEGUN: Final = frozenset(
    {EffectStatus.SENDING, EffectStatus.UNKNOWN, EffectStatus.DONE, EffectStatus.REFUSED}
)
_UNSETTLED: Final = frozenset({EffectStatus.SENDING, EffectStatus.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Effect:
    """One call that is owed to GitHub.

    `topic` says what a status report is about, so that the same thing is not said twice. `state`
    is set for a review only; `deployment_id`, `mirrored` and `log_url` for a deployment status
    only, whose description is `comment`. `mirrored` is the deployment's state as it is.
    """

    key: str
    kind: EffectKind
    topic: str
    comment: str
    state: ReviewState | None = None
    deployment_id: DeploymentId | None = None
    mirrored: str | None = None
    log_url: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What is on record about one effect.

    `round` is the request's round it belongs to. `first_sent` is the answer of the first attempt at
    a review: should GitHub say that the gate was reviewed already, that is what it was told.
    `begun_at` is when the last attempt was begun. `maybe_landed` says that some attempt may have
    been applied although nobody has seen it: its answer was lost, or a look did not show it. What
    came of a later attempt proves nothing about that one.
    """

    effect: Effect
    round: int
    status: EffectStatus
    attempts: int
    outcome: str | None = None
    first_sent: ReviewState | None = None
    begun_at: datetime | None = None
    maybe_landed: bool = False

    @property
    def is_begun(self) -> bool:
        """Return whether GitHub may have seen this effect."""
        return self.status in _BEGUN

    @property
    def is_done(self) -> bool:
        """Return whether GitHub has taken it."""
        return self.status is EffectStatus.DONE

    @property
    def is_unsettled(self) -> bool:
        """Return whether it was begun and nobody knows yet how it ended."""
        return self.status in _UNSETTLED


@dataclass(frozen=True, slots=True)
class Ledger:
    """All effects on record for one request, in the order in which they were intended."""

    entries: tuple[LedgerEntry, ...] = ()

    def review(self, round_: int) -> LedgerEntry | None:
        """Find the review of a round; there is never more than one."""
        for entry in self.entries:
            if entry.effect.kind is EffectKind.REVIEW and entry.round == round_:
                return entry
        return None

    @property
    def reports(self) -> tuple[LedgerEntry, ...]:
        """List the status reports that GitHub may have seen; each may count against its round."""
        return tuple(
            entry
            for entry in self.entries
            if entry.effect.kind is EffectKind.REPORT and entry.is_begun
        )


def review_key(key: RequestKey, round_: int) -> str:
    """Name the one review of a round."""
    return f"review/{key}/{round_}"


def report_key(key: RequestKey, number: int) -> str:
    """Name the status report with this number, counted from 1 over the whole request."""
    return f"report/{key}/{number}"


def status_key(key: RequestKey, deployment_id: DeploymentId) -> str:
    """Name the one status that shows an override in a deployment's history."""
    return f"status/{key}/{deployment_id}"
