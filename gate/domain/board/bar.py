"""Show the newest validations of an environment in a row, and which of them were overridden.

Pure. Of the newest one the bar shows what the gate concludes from it, with its jobs and its report;
of those before, how their run ended on GitHub.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.run_state import FAILED
from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import SUCCESS, BriefRun

MOST_MARKS: Final = 30

_PASSED: Final = "p"
_FAILED: Final = "f"
_RUNNING: Final = "r"
_NO_RESULT: Final = "i"
_SHOWN: Final = {
    ValidationState.PASSED: _PASSED,
    ValidationState.STALE: _PASSED,
    ValidationState.UNCOVERED: _PASSED,
    ValidationState.FAILED: _FAILED,
    ValidationState.RUNNING: _RUNNING,
    ValidationState.WAITS_FOR_ITSELF: _RUNNING,
    ValidationState.INCONCLUSIVE: _NO_RESULT,
}


class Mark(NamedTuple):
    """One validation: p passed, f failed, r not over, i without a result."""

    kind: str
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """The newest validations, oldest first."""

    marks: tuple[Mark, ...]

    @property
    def label(self) -> str:
        """Describe in words what the bar shows."""
        kinds = [mark.kind for mark in self.marks]
        counts = [
            f"{kinds.count(kind)} {word}"
            for kind, word in (
                (_PASSED, "passed"),
                (_FAILED, "failed"),
                (_NO_RESULT, "without a result"),
                (_RUNNING, "running"),
            )
            if kind in kinds
        ]
        count = len(self.marks)
        head = f"Last {count} validations" if count > 1 else "Last validation"
        overridden = sum(mark.overridden for mark in self.marks)
        more = f"; {overridden} overridden" if overridden else ""
        return f"{head}: {', '.join(counts)}{more}"


NO_BAR: Final = Bar(())


def draw_bar(
    counting: Sequence[BriefRun], evidence: Evidence | None, overridden: Collection[RunId]
) -> Bar:
    """Draw the newest of the runs that count, which are given newest first.

    `overridden` are the runs whose holds reviewers have overridden.
    """
    shown = counting[:MOST_MARKS][::-1]
    kinds = [_kind(run) for run in shown]
    if shown and evidence is not None and evidence.run is not None:
        newest = shown[-1]
        if (evidence.run.run_id, evidence.run.run_attempt) == (newest.run_id, newest.run_attempt):
            kinds[-1] = _SHOWN.get(evidence.state, kinds[-1])
    return Bar(
        tuple(Mark(kind, run.run_id in overridden) for run, kind in zip(shown, kinds, strict=True))
    )


def _kind(run: BriefRun) -> str:
    if not run.is_completed:
        return _RUNNING
    if run.conclusion == SUCCESS:
        return _PASSED
    return _FAILED if run.conclusion in FAILED else _NO_RESULT
