"""Give back what a node holds that ends before its work is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, bindparam, select, tuple_, update
from sqlalchemy.sql.dml import ReturningUpdate

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint, Work, WorkHint
from gate.domain.model.ids import NodeId
from gate.store.engine.database import Database, Transaction
from gate.store.engine.hints import note
from gate.store.nodes.holdings import LEASED

_HINTS: Final[dict[str, Callable[[Any, datetime], Hint]]] = {
    "requests": RequestHint,
    "deliveries": DeliveryHint,
}


def release_leases(database: Database, node_id: NodeId, now: datetime) -> int:
    """Release every row that a node holds and return how many; a transaction for each table.

    Others are told of each, so that they go on at once.
    """
    return sum(database.transact(_releasing(work, node_id, now)) for work in LEASED)


def _releasing(work: str, node_id: NodeId, now: datetime) -> Callable[[Transaction], int]:
    def release(tx: Transaction) -> int:
        keys = [row[0] for row in tx.execute(RELEASES[work], {"node": node_id})]
        for key in keys:
            hint = _HINTS.get(work)
            note(tx, hint(key, now) if hint is not None else WorkHint(Work(work), now))
        return len(keys)

    return release


def _release(table: Table) -> ReturningUpdate[Any]:
    """Build the statement that releases a node's rows; each is due as it was before.

    The token goes up: a thread that still works on a row writes nothing any more. A row that is
    locked is left out: whoever locks it is about to settle it, and to wait for it could deadlock.
    """
    c, keys = table.c, list(table.primary_key.columns)
    own = select(*keys).where(
        c.due_at.is_not(None), c.lease_until.is_not(None), c.lease_owner == bindparam("node")
    )
    return (
        update(table)
        .where(tuple_(*keys).in_(own.with_for_update(skip_locked=True)))
        .values(lease_until=None, lease_owner=None, lease_token=c.lease_token + 1)
        .returning(keys[0])
    )


RELEASES: Final = {work: _release(table) for work, table in LEASED.items()}
