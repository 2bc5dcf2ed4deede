"""Remember which webhook deliveries GitHub was asked to send again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update

from gate.domain.model.ids import DeliveryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.inbox import redeliveries

_insert: Final = insert_or_ignore(redeliveries)


def record_redelivery(tx: Transaction, delivery_id: DeliveryId, now: datetime) -> None:
    """Count one more request for a redelivery."""
    values = {"delivery_id": delivery_id, "times": 1, "asked_at": now}
    if _insert.change(tx, values) == 1:
        return
    tx.execute(
        update(redeliveries)
        .where(redeliveries.c.delivery_id == delivery_id)
        .values(times=redeliveries.c.times + 1, asked_at=now)
    )


def redeliveries_asked(
    snapshot: Snapshot, ids: Sequence[DeliveryId]
) -> Mapping[DeliveryId, tuple[int, datetime]]:
    """Return how often, and when last, each of some deliveries was asked for."""
    rows = snapshot.execute(select(redeliveries).where(redeliveries.c.delivery_id.in_(ids)))
    return {DeliveryId(row.delivery_id): (row.times, row.asked_at) for row in rows}
