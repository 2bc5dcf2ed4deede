"""Decide again from what was recorded, and compare; GitHub is not asked, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gate.domain.model.ids import DecisionId
from gate.domain.requests.decide import ENGINE_VERSION, decide
from gate.domain.requests.decision import Decision
from gate.reconciler.deps import ParsePolicy
from gate.store.audit.trail import recorded_digest
from gate.store.engine.database import Snapshot
from gate.store.github.policies import PolicyTextMissing, read_policy_again
from gate.store.requests.decisions import RecordedDecision, stream_decisions


@dataclass(frozen=True, slots=True)
class Replayed:
    """A recorded decision, what it would be today, and what is wrong with its record.

    `again` is None when the record does not hold enough to decide again. `differences` say where it
    comes out otherwise today; of a decision by another engine that is what the engine changed.
    """

    recorded: RecordedDecision
    again: Decision | None
    problems: tuple[str, ...]
    differences: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Return whether the record is whole, and this engine decides what it decided."""
        return not self.problems and (self.engine is not None or not self.differences)

    @property
    def engine(self) -> str | None:
        """Return which engines decided, where it was not the same one."""
        if self.recorded.engine_version == ENGINE_VERSION:
            return None
        return f"decided by engine {self.recorded.engine_version}, again by {ENGINE_VERSION}"


def replay(
    snapshot: Snapshot, parse_policy: ParsePolicy, decision_id: DecisionId | None = None
) -> Iterator[Replayed]:
    """Decide one recorded decision again, or all of them, oldest first."""
    for recorded in stream_decisions(snapshot, decision_id):
        yield _replayed(snapshot, recorded, parse_policy)


def _replayed(
    snapshot: Snapshot, recorded: RecordedDecision, parse_policy: ParsePolicy
) -> Replayed:
    problems = [*_check_record(snapshot, recorded)]
    if recorded.basis is None:
        return Replayed(recorded, None, (*problems, "the record does not name its policy"))
    try:
        reading = read_policy_again(snapshot, recorded.basis, parse_policy)
    except PolicyTextMissing as error:
        return Replayed(recorded, None, (*problems, str(error)))
    again = decide(reading, recorded.facts, recorded.at)
    differences = tuple(_differences(recorded.decision, again))
    return Replayed(recorded, again, tuple(problems), differences)


def _check_record(snapshot: Snapshot, recorded: RecordedDecision) -> Iterator[str]:
    """List where the record is not the one that the trail speaks of."""
    key = recorded.facts.request.key
    told = recorded_digest(snapshot, key.repository_id, key.run_id, recorded.id)
    if told is None:
        yield "the trail does not know this decision"
    elif told != recorded.digest:
        yield "the record was changed: it is not the one whose hash is in the trail"


def _differences(before: Decision, again: Decision) -> Iterator[str]:
    if before.verdict is not again.verdict:
        yield f"the verdict was {before.verdict} and is {again.verdict}"
    if before.reasons != again.reasons:
        said = ", ".join(it.code for it in before.reasons)
        says = ", ".join(it.code for it in again.reasons)
        also = " (in their details)" if said == says else ""
        yield f"the reasons were {said} and are {says}{also}"
