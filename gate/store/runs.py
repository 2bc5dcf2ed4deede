"""Keep what was seen of workflow runs, one row a run attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, false, func, or_, select

from gate.domain.ids import RepositoryId, RunId
from gate.domain.runs import COMPLETED, Job, WorkflowRun, merge_jobs, merge_run
from gate.store.codec import decode_run, encode
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import runs
from gate.store.upsert import insert_or_ignore

_CANDIDATES: Final = 5

_t: Final = runs.c
_of_run: Final = (_t.repository_id == bindparam("repository"), _t.run_id == bindparam("run"))
_of_attempt: Final = (*_of_run, _t.run_attempt == bindparam("attempt"))
_local: Final = (
    _t.repository_id == bindparam("repository"),
    _t.path == bindparam("file"),
    _t.head_repository_id == bindparam("repository"),
)
_insert: Final = insert_or_ignore(runs)
_read: Final = Prepared(select(_t.value).where(*_of_attempt))
_lock: Final = Prepared(select(_t.value).where(*_of_attempt).with_for_update())
_newest: Final = Prepared(select(_t.value).where(*_of_run).order_by(_t.run_attempt.desc()).limit(1))
_successful: Final = Prepared(
    select(_t.value)
    .where(*_local, _t.status == COMPLETED, _t.conclusion == "success")
    .order_by(_t.updated_at.desc(), _t.run_id.desc(), _t.run_attempt.desc())
    .limit(1)
)
_of_file: Final = Prepared(select(_t.run_id).where(*_local).limit(1))
_of_branch: Final = Prepared(
    select(_t.run_id).where(*_local, _t.head_branch == bindparam("branch")).limit(1)
)
_before: Final = runs.alias("before")
_ended_before: Final = (
    select(func.count())
    .select_from(_before)
    .where(
        _before.c.repository_id == _t.repository_id,
        _before.c.run_id == _t.run_id,
        _before.c.run_attempt < _t.run_attempt,
        _before.c.status == COMPLETED,
    )
    .scalar_subquery()
)
_hiding: Final = Prepared(
    select(_t.value)
    .where(
        *_local,
        _t.run_attempt > 1,
        or_(_t.status != COMPLETED, _t.conclusion.is_distinct_from("success")),
        _ended_before < _t.run_attempt - 1,
    )
    .order_by(_t.started_at.desc(), _t.run_id.desc())
    .limit(1)
)
_replace: Final = Prepared(
    runs.update()
    .where(*_of_attempt)
    .values(
        {
            column: bindparam(f"new_{column}")
            for column in ("status", "conclusion", "started_at", "updated_at", "seen_at", "value")
        }
    )
)


def record_run(tx: Transaction, seen: WorkflowRun, seen_at: datetime) -> WorkflowRun:
    """Fold a sighting into what is known of its run attempt, and give the result.

    The row is locked while it is merged, so that sightings by several nodes are all folded in.
    """
    columns = _columns(seen, seen_at)
    if _insert.change(tx, columns) == 1:
        return seen
    row = _lock.first(tx, _key(seen.repository_id, seen.run_id, seen.run_attempt))
    known = decode_run(row.value)
    merged = merge_run(known, seen)
    if merged != known:
        _write(tx, merged, seen_at)
    return merged


def record_jobs(
    tx: Transaction,
    repository_id: RepositoryId,
    run_id: RunId,
    run_attempt: int,
    *,
    jobs: tuple[Job, ...],
    seen_at: datetime,
) -> None:
    """Fold in the jobs of a run attempt that is known; of one that is not, nothing is kept.

    Whichever of two nodes writes last, the fuller of their lists stays.
    """
    row = _lock.first(tx, _key(repository_id, run_id, run_attempt))
    if row is None:
        return
    known = decode_run(row.value)
    merged = replace(known, jobs=merge_jobs(known.jobs, jobs))
    if merged != known:
        _write(tx, merged, seen_at)


def read_run(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> WorkflowRun | None:
    """Read one run attempt."""
    row = _read.first(snapshot, _key(repository_id, run_id, run_attempt))
    return decode_run(row.value) if row is not None else None


def newest_attempt(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId
) -> WorkflowRun | None:
    """Read the highest attempt known of a run."""
    row = _newest.first(snapshot, {"repository": repository_id, "run": run_id})
    return decode_run(row.value) if row is not None else None


def candidate_runs(
    snapshot: Snapshot,
    repository_id: RepositoryId,
    path: str,
    *,
    branch: str,
    events: Sequence[str],
) -> tuple[WorkflowRun, ...]:
    """Read the few newest runs that may count as a validation, newest start first.

    Narrows only by what every counting run fulfils; which one counts is decided in the domain.
    """
    wanted: dict[str, Any] = {"repository": repository_id, "file": path, "branch": branch}
    wanted |= {f"event_{number}": event for number, event in enumerate(events)}
    rows = _candidates(len(events)).rows(snapshot, wanted)
    return tuple(decode_run(row.value) for row in rows)


@cache
def _candidates(events: int) -> Prepared:
    """Make the statement for a number of allowed events: it is a part of its text."""
    allowed = or_(false(), *(_t.event == bindparam(f"event_{number}") for number in range(events)))
    return Prepared(
        select(_t.value)
        .where(*_local, _t.head_branch == bindparam("branch"), allowed)
        .order_by(_t.started_at.desc(), _t.run_id.desc(), _t.run_attempt.desc())
        .limit(_CANDIDATES)
    )


def knows_runs(
    snapshot: Snapshot, repository_id: RepositoryId, path: str, branch: str | None
) -> bool:
    """Say whether any run of a workflow file is known, on one branch or (None) on any."""
    wanted = {"repository": repository_id, "file": path}
    if branch is None:
        return _of_file.first(snapshot, wanted) is not None
    return _of_branch.first(snapshot, wanted | {"branch": branch}) is not None


def newest_successful_run(
    snapshot: Snapshot, repository_id: RepositoryId, path: str
) -> WorkflowRun | None:
    """Read the run of a workflow file that succeeded last, on any branch of the repository."""
    wanted = {"repository": repository_id, "file": path}
    row = _successful.first(snapshot, wanted)
    return decode_run(row.value) if row is not None else None


def hiding_rerun(snapshot: Snapshot, repository_id: RepositoryId, path: str) -> WorkflowRun | None:
    """Read the newest re-run of a workflow file of which it is not known how all attempts ended.

    Only one that is no success itself: a success is newer than what it may hide.
    """
    row = _hiding.first(snapshot, {"repository": repository_id, "file": path})
    return decode_run(row.value) if row is not None else None


def _key(repository_id: RepositoryId, run_id: RunId, run_attempt: int) -> dict[str, Any]:
    return {"repository": repository_id, "run": run_id, "attempt": run_attempt}


def _write(tx: Transaction, run: WorkflowRun, seen_at: datetime) -> None:
    """Write what may change of a run attempt."""
    changes = {f"new_{name}": value for name, value in _columns(run, seen_at).items()}
    _replace.change(tx, _key(run.repository_id, run.run_id, run.run_attempt) | changes)


def _columns(run: WorkflowRun, seen_at: datetime) -> dict[str, object]:
    """Spell out what is searched by; the whole run stands in `value`."""
    return {
        "repository_id": run.repository_id,
        "run_id": run.run_id,
        "run_attempt": run.run_attempt,
        "path": run.path,
        "event": run.event,
        "head_branch": run.head_branch,
        "head_repository_id": run.head_repository_id,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "updated_at": run.updated_at,
        "seen_at": seen_at,
        "value": encode(run),
    }
