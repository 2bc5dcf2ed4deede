"""Count the newer runs of a workflow that a held run keeps from deploying.

Pure. A run that waits at the gate holds its concurrency group, and by default GitHub keeps one
pending run of a group: a newer one cancels it without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gate.domain.model.facts import Behind
from gate.domain.model.runs import WorkflowRun

_CANCELLED: Final = "cancelled"
_NOT_BEGUN: Final = frozenset({"requested", "queued", "pending"})


def count_behind(own: WorkflowRun, runs: Iterable[WorkflowRun]) -> Behind:
    """Count the runs that came after `own`, each by its newest attempt."""
    newest: dict[int, WorkflowRun] = {}
    for run in sorted(runs, key=lambda it: it.run_attempt):
        if _is_behind(run, own):
            newest[run.run_id] = run
    waiting = sum(run.status in _NOT_BEGUN for run in newest.values())
    cancelled = sum(run.is_completed and run.conclusion == _CANCELLED for run in newest.values())
    return Behind(waiting, cancelled)


def _is_behind(run: WorkflowRun, own: WorkflowRun) -> bool:
    is_alike = (run.repository_id, run.head_repository_id, run.path, run.head_branch) == (
        own.repository_id,
        own.repository_id,
        own.path,
        own.head_branch,
    )
    return is_alike and run.run_id > own.run_id and run.started_at >= own.started_at
