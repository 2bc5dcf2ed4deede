"""Keep which artifacts a failed run attempt left on GitHub, or that they are still to be listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from gate.domain.model.ids import RepositoryId, RunId
from gate.store.engine.codec import decode_names, encode_text
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.prepared import Prepared
from gate.store.engine.tables import run_artifacts
from gate.store.engine.upsert import insert_or_ignore

_t: Final = run_artifacts.c
_of_attempt: Final = (
    _t.repository_id == bindparam("repository"),
    _t.run_id == bindparam("run"),
    _t.run_attempt == bindparam("attempt"),
)
_insert: Final = insert_or_ignore(run_artifacts)
_read: Final = Prepared(select(_t.urls).where(*_of_attempt))
_due: Final = Prepared(
    select(run_artifacts)
    .where(_t.due_at.is_not(None), _t.due_at <= bindparam("now"))
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)
_own: Final = update(run_artifacts).where(*_of_attempt)
_take: Final = Prepared(
    _own.where(_t.due_at == bindparam("seen")).values(
        due_at=bindparam("new_due_at"), failures=_t.failures + 1
    )
)
_settle: Final = Prepared(_own.values(due_at=None, urls=bindparam("new_urls")))
_postpone: Final = Prepared(_own.values(due_at=bindparam("new_due_at")))


@dataclass(frozen=True, slots=True)
class WantedArtifacts:
    """A run attempt whose artifacts are to be listed; `tries` counts the tries before."""

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    wanted_at: datetime
    due_at: datetime
    tries: int


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
        "failures": 0,
        "urls": None,
    }
    return _insert.change(tx, values) == 1


def read_artifacts(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> tuple[str, ...] | None:
    """Read the pages of an attempt's artifacts; None while they were not listed."""
    row = _read.first(snapshot, _key(repository_id, run_id, run_attempt))
    return decode_names(row.urls) if row is not None and row.urls is not None else None


def is_listing(
    snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId, run_attempt: int
) -> bool:
    """Say whether the artifacts of an attempt are wanted and were not listed yet."""
    row = _read.first(snapshot, _key(repository_id, run_id, run_attempt))
    return row is not None and row.urls is None


def due_artifacts(snapshot: Snapshot, now: datetime, limit: int) -> list[WantedArtifacts]:
    """List the attempts whose artifacts are to be listed now, longest due first."""
    return [
        WantedArtifacts(
            RepositoryId(row.repository_id),
            RunId(row.run_id),
            row.run_attempt,
            row.wanted_at,
            row.due_at,
            row.failures,
        )
        for row in _due.rows(snapshot, {"now": now, "most": limit})
    ]


def take_artifacts(tx: Transaction, wanted: WantedArtifacts, until: datetime) -> bool:
    """Begin a try, unless another node has; should it never end, the next one is due `until`."""
    values = {**_key_of(wanted), "seen": wanted.due_at, "new_due_at": until}
    return _take.change(tx, values) == 1


def record_artifacts(tx: Transaction, wanted: WantedArtifacts, urls: Sequence[str]) -> None:
    """Keep the pages of an attempt's artifacts; they are not listed again."""
    _settle.change(tx, {**_key_of(wanted), "new_urls": encode_text(tuple(urls))})


def postpone_artifacts(tx: Transaction, wanted: WantedArtifacts, due_at: datetime) -> None:
    """Say when a listing that failed is tried again."""
    _postpone.change(tx, {**_key_of(wanted), "new_due_at": due_at})


def _key_of(wanted: WantedArtifacts) -> dict[str, object]:
    return _key(wanted.repository_id, wanted.run_id, wanted.run_attempt)


def _key(repository_id: RepositoryId, run_id: RunId, run_attempt: int) -> dict[str, object]:
    return {"repository": repository_id, "run": run_id, "attempt": run_attempt}
