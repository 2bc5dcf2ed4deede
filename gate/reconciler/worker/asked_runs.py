"""Choose which runs of a repository are asked what they wait for, and remember which were.

Kept in memory by one process: what is forgotten is asked again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.ids import RunId
from gate.domain.model.runs import WorkflowRun

_KEPT: Final = timedelta(minutes=15)
"""How long it is remembered what a run waits for."""

_MOST_ASKED: Final = 5
"""Runs of a repository that are asked in one look what they wait for; the others come next."""

_WAITING: Final = "waiting"
_IN_PROGRESS: Final = "in_progress"
"""The status of a run that waits while another of its jobs runs, and of any run that waits not."""

UNFINISHED: Final = frozenset({_WAITING, _IN_PROGRESS})
"""The statuses of runs that may wait at a gate."""

_State = tuple[RunId, int, str, datetime]
"""A run as it was when it was asked what it waits for."""


class AskedRuns:
    """Remember which runs were asked, and in which state; used by one thread at a time."""

    def __init__(self) -> None:
        """Begin with no run asked."""
        self._asked_in: dict[_State, datetime] = {}
        self._asked_at: dict[tuple[RunId, int], datetime] = {}

    def forget_old(self, now: datetime) -> None:
        """Forget what was asked too long ago to rest on."""
        self._asked_in = {it: at for it, at in self._asked_in.items() if now - at < _KEPT}
        self._asked_at = {it: at for it, at in self._asked_at.items() if now - at < _KEPT}

    def note(self, run: WorkflowRun, now: datetime) -> None:
        """Remember that a run was asked as it is now."""
        self._asked_in[_state_of(run)] = now
        self._asked_at[run.run_id, run.run_attempt] = now

    def choose(
        self,
        unfinished: Iterable[WorkflowRun],
        known: Mapping[WorkflowRun, Collection[str]],
        gated: Collection[str],
    ) -> list[WorkflowRun]:
        """Return the runs to ask now, few of them: those that were asked longest ago, or never.

        `known` are the environments of each run about which nothing is amiss, `gated` the paths of
        workflows whose runs have asked the gate before.
        """
        open_ = [
            run
            for run in sorted(unfinished, key=self._turn_of)
            if not self._is_settled(run, known=bool(known[run]), has_asked=run.path in gated)
        ]
        return open_[:_MOST_ASKED]

    def _turn_of(self, run: WorkflowRun) -> tuple[bool, float, bool]:
        """Sort runs by who was asked longest ago, or never; those that wait come first."""
        at = self._asked_at.get((run.run_id, run.run_attempt))
        return at is not None, at.timestamp() if at is not None else 0.0, run.status != _WAITING

    def _is_settled(self, run: WorkflowRun, *, known: bool, has_asked: bool) -> bool:
        """Check whether it need not be asked what a run waits for.

        While a run waits it is asked until a request of it is known, and again when the run has
        changed. While it is in progress it is asked at each look if its workflow `has_asked`
        before; any other may reach its first gate beside another job, and is asked now and then.
        """
        if run.status == _IN_PROGRESS and has_asked:
            return False
        may_rest = known or run.status == _IN_PROGRESS
        return may_rest and _state_of(run) in self._asked_in


def _state_of(run: WorkflowRun) -> _State:
    return (run.run_id, run.run_attempt, run.status, run.updated_at)
