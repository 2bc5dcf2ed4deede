"""Store what was seen of workflow runs, one row a run attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import bindparam, exists, false, or_, select

from gate.domain.evidence.relevance import PULL_REQUEST
from gate.domain.model.ids import RepositoryId, RequestKey, RunId
from gate.domain.model.runs import COMPLETED, SKIPPED, Job, WorkflowRun, merge_jobs, merge_run
from gate.store.engine.codec import decode_run, encode
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.github import runs
from gate.store.incidents.checks import mark_check

_CANDIDATES: Final = 5
_MOST_NEWER: Final = 100
"""As many as GitHub keeps pending of one concurrency group."""

RUN_LIMIT: Final = timedelta(days=35)

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
_newest_of_repository: Final = Prepared(
    select(_t.value)
    .where(_t.repository_id == bindparam("repository"))
    .order_by(_t.run_id.desc())
    .limit(1)
)
_of_file: Final = Prepared(select(_t.run_id).where(*_local).limit(1))
_later: Final = runs.alias("later")
_is_newest: Final = ~exists().where(
    _later.c.repository_id == _t.repository_id,
    _later.c.run_id == _t.run_id,
    _later.c.run_attempt > _t.run_attempt,
)
_ran: Final = or_(
    _t.status != COMPLETED, _t.conclusion.is_distinct_from(SKIPPED), _t.run_attempt > 1
)
_changes: Final = (
    *_local,
    _t.head_branch == bindparam("branch"),
    _t.event.not_like(f"{PULL_REQUEST}%"),
    _ran,
)
_ended: Final = Prepared(
    select(_t.value)
    .where(*_changes, _t.status == COMPLETED)
    .order_by(_t.updated_at.desc(), _t.run_id.desc(), _t.run_attempt.desc())
    .limit(1)
)
_unfinished: Final = Prepared(
    select(_t.value)
    .where(
        *_changes, _t.status != COMPLETED, _is_newest, _t.started_at > bindparam("started_after")
    )
    .order_by(_t.started_at.desc(), _t.run_id.desc())
    .limit(1)
)
_newer: Final = Prepared(
    select(_t.value)
    .where(
        *_local,
        _t.head_branch == bindparam("branch"),
        _t.started_at >= bindparam("since"),
        _t.run_id > bindparam("run"),
    )
    .order_by(_t.started_at.desc())
    .limit(_MOST_NEWER)
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

    The row is locked while it is merged, so that sightings by several nodes are all folded in. An
    end that was not known concerns the repository's incidents, whoever told of it.
    """
    columns = _columns(seen, seen_at)
    if _insert.change(tx, columns) == 1:
        if seen.is_completed:
            mark_check(tx, seen.repository_id, seen_at)
        return seen
    row = _lock.first(tx, _key(seen.repository_id, seen.run_id, seen.run_attempt))
    known = decode_run(row.value)
    merged = merge_run(known, seen)
    if merged != known:
        _write(tx, merged, seen_at)
        if merged.is_completed:
            mark_check(tx, seen.repository_id, seen_at)
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


def newer_runs(snapshot: Snapshot, own: WorkflowRun) -> tuple[WorkflowRun, ...]:
    """Read the newest runs of the same workflow and branch that came after a run."""
    if own.head_branch is None:
        return ()
    wanted = {
        "repository": own.repository_id,
        "file": own.path,
        "branch": own.head_branch,
        "run": own.run_id,
        "since": own.started_at,
    }
    return tuple(decode_run(row.value) for row in _newer.rows(snapshot, wanted))


def read_page(snapshot: Snapshot, key: RequestKey) -> str:
    """Return the page of a request's run, as GitHub named it; nothing where it did not."""
    run = newest_attempt(snapshot, key.repository_id, key.run_id)
    return run.html_url if run is not None else ""


def newest_page(snapshot: Snapshot, repository_id: RepositoryId) -> str:
    """Return the page of some run of a repository, which names GitHub's host; else nothing."""
    row = _newest_of_repository.first(snapshot, {"repository": repository_id})
    return decode_run(row.value).html_url if row is not None else ""


def candidate_runs(
    snapshot: Snapshot,
    repository_id: RepositoryId,
    path: str,
    *,
    branch: str,
    events: Sequence[str],
) -> tuple[WorkflowRun, ...]:
    """Read the few newest runs that may count as a validation, newest start first.

    Narrows only by what every counting run fulfills; which one counts is decided in the domain.
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
        .where(*_local, _t.head_branch == bindparam("branch"), allowed, _ran)
        .order_by(_t.started_at.desc(), _t.run_id.desc(), _t.run_attempt.desc())
        .limit(_CANDIDATES)
    )


def knows_runs(snapshot: Snapshot, repository_id: RepositoryId, path: str) -> bool:
    """Return whether any run of a workflow file is known, on any branch."""
    return _of_file.first(snapshot, {"repository": repository_id, "file": path}) is not None


def last_changes(
    snapshot: Snapshot, repository_id: RepositoryId, path: str, *, branch: str, now: datetime
) -> tuple[WorkflowRun, ...]:
    """Read the run of a workflow file on a branch that ended last, and the newest not over yet.

    GitHub ends a run after 35 days ("Usage limits"): what is older is over, whatever was seen last.
    """
    wanted: dict[str, Any] = {"repository": repository_id, "file": path, "branch": branch}
    ended = _ended.first(snapshot, wanted)
    unfinished = _unfinished.first(snapshot, wanted | {"started_after": now - RUN_LIMIT})
    return tuple(decode_run(row.value) for row in (ended, unfinished) if row is not None)


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
