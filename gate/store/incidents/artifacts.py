"""Store which artifacts a failed run attempt left on GitHub, or that they are to be listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from gate.domain.model.hints import Work
from gate.domain.model.ids import RepositoryId, RunId
from gate.store.engine.codec import decode_names, encode_text
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import FRESH, DueTable, Taken
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.incidents import run_artifacts

_t: Final = run_artifacts.c
_of_attempt: Final = (
    _t.repository_id == bindparam("repository"),
    _t.run_id == bindparam("run"),
    _t.run_attempt == bindparam("attempt"),
)
_insert: Final = insert_or_ignore(run_artifacts)
_read: Final = select(_t.urls).where(*_of_attempt)
rows: Final = DueTable(run_artifacts, Work.ARTIFACTS)


@dataclass(frozen=True, slots=True)
class WantedArtifacts:
    """A run attempt whose artifacts are to be listed."""

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    wanted_at: datetime


def want_artifacts(
    tx: Transaction, repository_id: RepositoryId, run_id: RunId, run_attempt: int, now: datetime
) -> bool:
    """Let the artifacts of a run attempt be listed, once; False when they were wanted before."""
    values = {
        "repository_id": repository_id,
        "run_id": run_id,
        "run_attempt": run_attempt,
        "wanted_at": now,
        "due_at": now,
        "urls": None,
    }
    is_new = _insert.change(tx, {**values, **FRESH}) == 1
    if is_new:
        rows.note_due(tx, repository_id, now)
    return is_new


def read_artifacts(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> tuple[str, ...] | None:
    """Read the pages of an attempt's artifacts; None while they were not listed."""
    row = snapshot.execute(_read, _key(repository_id, run_id, run_attempt)).first()
    return decode_names(row.urls) if row is not None and row.urls is not None else None


def is_listing(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> bool:
    """Return whether the artifacts of an attempt are wanted and were not listed yet."""
    row = snapshot.execute(_read, _key(repository_id, run_id, run_attempt)).first()
    return row is not None and row.urls is None


def wanted_of(row: Row[Any]) -> WantedArtifacts:
    """Build what a row wants listed."""
    return WantedArtifacts(
        RepositoryId(row.repository_id), RunId(row.run_id), row.run_attempt, row.wanted_at
    )


def record_artifacts(tx: Transaction, taken: Taken, urls: Sequence[str]) -> None:
    """Record the pages of an attempt's artifacts; they are not listed again."""
    rows.settle(tx, taken, urls=encode_text(tuple(urls)))


def _key(repository_id: RepositoryId, run_id: RunId, run_attempt: int) -> dict[str, object]:
    return {"repository": repository_id, "run": run_id, "attempt": run_attempt}
