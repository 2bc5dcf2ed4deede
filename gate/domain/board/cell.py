"""Name what the board knows of each gated environment and shows of it, and what is urgent.

Pure. What a cell says is worded in `gate.domain.board.words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from gate.domain.board.bar import NO_BAR, Bar
from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.incident import Incident
from gate.domain.model.ids import DecisionId, RepositoryId, RequestId
from gate.domain.model.policy.policy import (
    PolicyReading,
)
from gate.domain.model.request import RequestState
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.decision import Decision

Place = tuple[RepositoryId, str]
"""A repository, and the folded name of one of its environments."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The newest request of a place. `environment` is spelled as GitHub sent it."""

    id: RequestId
    place: Place
    environment: str
    head_sha: str
    state: RequestState
    reason: str | None
    waiting_since: datetime
    answered_at: datetime | None
    give_up_at: datetime | None
    decision_id: DecisionId | None


@dataclass(frozen=True, slots=True)
class Queue:
    """The requests of a place that wait: how many, since when, and when the first is rejected."""

    newest: RequestId
    count: int
    since: datetime
    gives_up_at: datetime | None


class CellState(StrEnum):
    """The state of a gated environment, as people filter by it."""

    HELD = "held"
    FAILED = "failed"
    BLOCKED = "blocked"
    VALIDATING = "validating"
    OPEN = "open"
    OBSERVED = "observed"
    UNVALIDATED = "unvalidated"
    UNKNOWN = "unknown"


class Trouble(IntEnum):
    """How urgent a cell is, the most urgent first."""

    HELD_BY_FAILURE = 0
    HELD = 1
    INCIDENT = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What is known of a place.

    `policy` is the repository's, None while it was never read; `evidence` is what the newest
    validation shows now by that policy. `decision` is the one on the newest request that waits,
    else the one on the newest request. `is_concealed` says that the policy is the organization's,
    and that the reader may not see it.
    """

    environment: str
    policy: PolicyReading | None
    evidence: Evidence | None = None
    queue: Queue | None = None
    asked: Asked | None = None
    decision: Decision | None = None
    incident: Incident | None = None
    bar: Bar = NO_BAR
    is_concealed: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What the board shows of a gated environment.

    `kind` is the shape and color of the state: pass, hold, fail, run, note or none; `word` names
    it. `todo` says what to do first where nothing was ever validated. `run` is the newest
    validation.
    """

    environment: str
    state: CellState
    kind: str
    word: str
    why: str
    todo: str = ""
    queue: Queue | None = None
    asked: Asked | None = None
    incident: Incident | None = None
    run: WorkflowRun | None = None
    bar: Bar = NO_BAR

    @property
    def trouble(self) -> Trouble:
        """Return how urgent the cell is."""
        if self.state is CellState.HELD:
            return Trouble.HELD_BY_FAILURE if self.kind == "fail" else Trouble.HELD
        is_trouble = self.incident is not None or self.state is CellState.FAILED
        return Trouble.INCIDENT if is_trouble else Trouble.NONE


def by_trouble(cells: Mapping[str, Cell], full_name: str) -> tuple[Trouble, str]:
    """Return the key by which the repositories of a board are sorted."""
    worst = min((cell.trouble for cell in cells.values()), default=Trouble.NONE)
    return worst, full_name.casefold()
