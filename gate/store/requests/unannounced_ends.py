"""Remember which requests ended in a way that people must hear of, until they have.

A request that was bypassed, or whose answer GitHub does not take.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update

from gate.domain.model.ids import RepositoryId, RequestId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.requests import unannounced_ends
from gate.store.incidents.checks import mark_check

_t: Final = unannounced_ends.c
_insert: Final = insert_or_ignore(unannounced_ends)
_untold: Final = (
    select(_t.request_id)
    .where(_t.repository_id == bindparam("repository"), _t.announced_at.is_(None))
    .order_by(_t.request_id)
)
_tell: Final = (
    update(unannounced_ends)
    .where(_t.request_id == bindparam("request"))
    .values(announced_at=bindparam("now"))
)


def record_unannounced_end(
    tx: Transaction, request_id: RequestId, repository_id: RepositoryId, now: datetime
) -> None:
    """Note that a request has ended so, and have the repository's incidents looked at."""
    values = {
        "request_id": request_id,
        "repository_id": repository_id,
        "at": now,
        "announced_at": None,
    }
    _insert.change(tx, values)
    mark_check(tx, repository_id, now)


def unannounced_requests(snapshot: Snapshot, repository_id: RepositoryId) -> list[RequestId]:
    """List the requests of a repository whose end nobody was told of."""
    rows = snapshot.execute(_untold, {"repository": repository_id}).all()
    return [RequestId(row.request_id) for row in rows]


def record_announced(tx: Transaction, request_id: RequestId, now: datetime) -> None:
    """Note that people are told of an end from now on."""
    tx.execute(_tell, {"request": request_id, "now": now})
