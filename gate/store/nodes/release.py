"""Release what a node holds that ends before its work is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Table,
    bindparam,
    case,
    false,
    null,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import NodeId
from gate.domain.model.ledger import EffectStatus
from gate.store.engine.database import Database, Transaction
from gate.store.engine.hints import note
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.incidents import incident_issues
from gate.store.engine.tables.requests import effects, gate_requests
from gate.store.nodes.holdings import LEASED

_HINTS: Final[dict[str, Callable[[Any, datetime], Hint]]] = {
    "requests": RequestHint,
    "deliveries": DeliveryHint,
}

_MAY_BE_UNDER_WAY: Final[Mapping[str, ColumnElement[bool]]] = {
    "requests": select(effects.c.effect_key)
    .where(
        effects.c.request_id == gate_requests.c.id,
        effects.c.status == EffectStatus.SENDING.value,
    )
    .exists(),
    Work.ISSUES.value: incident_issues.c.begun.is_not(None),
    # What was begun of these is nowhere on record.
    Work.REPLIES.value: true(),
    Work.ALERTS.value: true(),
}
"""Of which rows something may be on its way, by the kind of work; other kinds only read."""


def release_leases(database: Database, node_id: NodeId, now: datetime, arrived: datetime) -> int:
    """Release every row that a node holds and return how many; a transaction for each table.

    A row of which something may be on its way is released at `arrived`, when it can be seen whether
    it was sent; the node may still record that meanwhile. Others are told of each, so that they go
    on as soon as they may.
    """
    return sum(database.transact(_releasing(work, node_id, now, arrived)) for work in LEASED)


def _releasing(
    work: str, node_id: NodeId, now: datetime, arrived: datetime
) -> Callable[[Transaction], int]:
    def release(tx: Transaction) -> int:
        rows = tx.execute(RELEASES[work], {"node": node_id, "arrived": arrived}).all()
        for key, lease_until in rows:
            hint, at = _HINTS.get(work), lease_until or now
            note(tx, hint(key, at) if hint is not None else WorkHint(Work(work), at))
        return len(rows)

    return release


def _release(work: str, table: Table) -> ReturningUpdate[Any]:
    """Build the statement that releases a node's rows; each is due as it was before.

    The token goes up where nothing is on its way: a thread that still works on such a row writes
    nothing any more. A row that is locked is left out: whoever locks it is about to settle it, and
    to wait for it could deadlock.
    """
    c, keys = table.c, list(table.primary_key.columns)
    own = select(*keys).where(
        c.due_at.is_not(None), c.lease_until.is_not(None), c.lease_owner == bindparam("node")
    )
    is_under_way = _MAY_BE_UNDER_WAY.get(work, false())
    arrived = bindparam("arrived", type_=UtcDateTime)
    sooner = case((c.lease_until < arrived, c.lease_until), else_=arrived)
    return (
        update(table)
        .where(tuple_(*keys).in_(own.with_for_update(skip_locked=True)))
        .values(
            lease_until=case((is_under_way, sooner), else_=null()),
            lease_owner=case((is_under_way, c.lease_owner), else_=null()),
            lease_token=c.lease_token + case((is_under_way, 0), else_=1),
        )
        .returning(keys[0], c.lease_until)
    )


RELEASES: Final = {work: _release(work, table) for work, table in LEASED.items()}
