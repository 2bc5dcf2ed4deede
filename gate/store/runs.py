"""Keep what was seen of workflow runs, one row a run attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, select

from gate.domain.ids import RepositoryId, RunId
from gate.domain.runs import COMPLETED, Job, WorkflowRun, merge_run
from gate.store.codec import decode_run, encode
from gate.store.database import Snapshot, Transaction
from gate.store.tables import runs
from gate.store.upsert import insert_or_ignore

_CANDIDATES = 5


def record_run(tx: Transaction, seen: WorkflowRun, seen_at: datetime) -> WorkflowRun:
    """Fold a sighting into what is known of its run attempt, and give the result.

    The row is locked while it is merged, so that sightings by several nodes are all folded in.
    """
    columns = _columns(seen, seen_at)
    if tx.execute(insert_or_ignore(tx, runs), columns).rowcount == 1:
        return seen
    row = tx.execute(_of(seen.repository_id, seen.run_id, seen.run_attempt).with_for_update()).one()
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
    """Add the jobs of a run attempt that is known; of one that is not, nothing is kept."""
    row = tx.execute(_of(repository_id, run_id, run_attempt).with_for_update()).one_or_none()
    if row is not None:
        _write(tx, replace(decode_run(row.value), jobs=jobs), seen_at)


def read_run(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> WorkflowRun | None:
    """Read one run attempt."""
    row = snapshot.execute(_of(repository_id, run_id, run_attempt)).one_or_none()
    return decode_run(row.value) if row is not None else None


def newest_attempt(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId
) -> WorkflowRun | None:
    """Read the highest attempt known of a run."""
    row = snapshot.execute(
        select(runs.c.value)
        .where(runs.c.repository_id == repository_id, runs.c.run_id == run_id)
        .order_by(runs.c.run_attempt.desc())
        .limit(1)
    ).one_or_none()
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
    rows = snapshot.scalars(
        select(runs.c.value)
        .where(
            runs.c.repository_id == repository_id,
            runs.c.path == path,
            runs.c.head_repository_id == repository_id,
            runs.c.head_branch == branch,
            runs.c.event.in_(events),
        )
        .order_by(runs.c.started_at.desc(), runs.c.run_id.desc(), runs.c.run_attempt.desc())
        .limit(_CANDIDATES)
    )
    return tuple(decode_run(row) for row in rows)


def newest_successful_run(
    snapshot: Snapshot, repository_id: RepositoryId, path: str
) -> WorkflowRun | None:
    """Read the run of a workflow file that succeeded last, on any branch of the repository."""
    row = snapshot.execute(
        select(runs.c.value)
        .where(
            runs.c.repository_id == repository_id,
            runs.c.path == path,
            runs.c.head_repository_id == repository_id,
            runs.c.status == COMPLETED,
            runs.c.conclusion == "success",
        )
        .order_by(runs.c.updated_at.desc(), runs.c.run_id.desc(), runs.c.run_attempt.desc())
        .limit(1)
    ).one_or_none()
    return decode_run(row.value) if row is not None else None


def _of(repository_id: RepositoryId, run_id: RunId, run_attempt: int) -> Select[tuple[bytes]]:
    return select(runs.c.value).where(
        runs.c.repository_id == repository_id,
        runs.c.run_id == run_id,
        runs.c.run_attempt == run_attempt,
    )


def _write(tx: Transaction, run: WorkflowRun, seen_at: datetime) -> None:
    tx.execute(
        runs.update()
        .where(
            runs.c.repository_id == run.repository_id,
            runs.c.run_id == run.run_id,
            runs.c.run_attempt == run.run_attempt,
        )
        .values(_columns(run, seen_at))
    )


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
