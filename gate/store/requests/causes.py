"""Store which deliveries opened a request and made it due, so that any node continues the trace.

Nothing but traces uses this, and nothing is written while they are off. The release of a lease that
ends a look (`gate.store.requests.leases`) forgets what made the request due.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, func, select, update

from gate.domain.model.ids import DeliveryId, RequestId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.requests import gate_requests

_t: Final = gate_requests.c
_own: Final = _t.id == bindparam("request")
_woken: Final = Prepared(
    update(gate_requests).where(_own, _t.due_at.is_not(None)).values(woken_by=bindparam("delivery"))
)
_opened: Final = Prepared(
    update(gate_requests)
    .where(_own)
    .values(opened_by=func.coalesce(_t.opened_by, bindparam("delivery")))
)
_read: Final = Prepared(select(_t.opened_by, _t.woken_by).where(_own))


@dataclass(frozen=True, slots=True)
class Cause:
    """The delivery that opened a request, and the one that made it due; None where unknown."""

    opened_by: DeliveryId | None = None
    woken_by: DeliveryId | None = None


def record_woken(tx: Transaction, ids: Collection[RequestId], delivery_id: DeliveryId) -> None:
    """Record which delivery has made requests due."""
    for request_id in ids:
        _woken.change(tx, {"request": request_id, "delivery": delivery_id})


def record_opened(tx: Transaction, ids: Collection[RequestId], delivery_id: DeliveryId) -> None:
    """Record which delivery has opened requests; the first one stays."""
    for request_id in ids:
        _opened.change(tx, {"request": request_id, "delivery": delivery_id})


def read_cause(snapshot: Snapshot, request_id: RequestId) -> Cause:
    """Read why a request is due."""
    row = _read.first(snapshot, {"request": request_id})
    return Cause(row.opened_by, row.woken_by) if row is not None else Cause()
