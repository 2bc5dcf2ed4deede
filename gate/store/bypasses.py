"""Remember which requests were bypassed, until people have been told."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from gate.domain.ids import RepositoryId, RequestId
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import bypasses
from gate.store.upsert import insert_or_ignore

_t: Final = bypasses.c
_insert: Final = insert_or_ignore(bypasses)
_untold: Final = Prepared(
    select(_t.request_id)
    .where(_t.repository_id == bindparam("repository"), _t.told_at.is_(None))
    .order_by(_t.request_id)
)
_tell: Final = Prepared(
    update(bypasses).where(_t.request_id == bindparam("request")).values(told_at=bindparam("now"))
)


def record_bypass(
    tx: Transaction, request_id: RequestId, repository_id: RepositoryId, now: datetime
) -> None:
    """Note that a request was let past the gate."""
    values = {
        "request_id": request_id,
        "repository_id": repository_id,
        "at": now,
        "told_at": None,
    }
    _insert.change(tx, values)


def untold_bypasses(snapshot: Snapshot, repository_id: RepositoryId) -> list[RequestId]:
    """List the bypassed requests of a repository that nobody was told of."""
    rows = _untold.rows(snapshot, {"repository": repository_id})
    return [RequestId(row.request_id) for row in rows]


def record_told(tx: Transaction, request_id: RequestId, now: datetime) -> None:
    """Note that people are told of a bypass from now on."""
    _tell.change(tx, {"request": request_id, "now": now})
