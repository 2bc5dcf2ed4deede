"""Store each webhook delivery until it has been read.

A delivery is durable before it is acknowledged. Once its facts are recorded its body is dropped:
payloads are not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    bindparam,
    func,
    null,
    or_,
    select,
    type_coerce,
    update,
)

from gate.domain.model.hints import DeliveryHint
from gate.domain.model.ids import DeliveryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import FRESH, DueTable
from gate.store.engine.hints import note
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.inbox import deliveries


class Reception(StrEnum):
    """What became of a delivery at the door."""

    STORED = "stored"
    KNOWN = "known"


class DeliveryState(StrEnum):
    """Where a delivery stands; a quarantined one waits for a person, or for its redelivery."""

    RECEIVED = "received"
    PROCESSED = "processed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A verified delivery; `body` is its JSON."""

    id: DeliveryId
    event: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery that has not been read yet."""

    id: DeliveryId
    event: str
    body: bytes
    received_at: datetime


_SQLITE: Final = "sqlite"
_MOST: Final = 16
"""Deliveries that one statement reads or changes."""

_own: Final = deliveries.c.delivery_id == bindparam("own")
_is_received: Final = deliveries.c.state == DeliveryState.RECEIVED
_insert: Final = insert_or_ignore(deliveries)
_retake: Final = update(deliveries).where(_own, deliveries.c.state == DeliveryState.QUARANTINED)
_make_due: Final = Prepared(
    update(deliveries)
    .where(_own, _is_received)
    .values(due_at=bindparam("new_due_at"), lease_until=null(), lease_owner=null())
)
rows: Final = DueTable(
    deliveries, DeliveryHint, set_aside={"state": DeliveryState.QUARANTINED.value}
)
_received_at: Final = type_coerce(deliveries.c.received_at, BigInteger)
# Plus zero, or else both databases walk all that was ever received, in the order of its arrival,
# in search of the first that is unread.
_oldest_unread: Final = Prepared(
    select(type_coerce(func.min(_received_at + 0), UtcDateTime).label("oldest")).where(
        deliveries.c.due_at.is_not(None)
    )
)


def record_delivery(tx: Transaction, delivery: NewDelivery) -> Reception:
    """Store a delivery, durable once the transaction is.

    The same id again is KNOWN when it has been read or still waits to be, in which case it becomes
    due now. One that was set aside is taken again with its new body: a redelivery is its cure.
    """
    values = {
        "delivery_id": delivery.id,
        "event": delivery.event,
        "received_at": delivery.received_at,
        "state": DeliveryState.RECEIVED.value,
        "due_at": delivery.received_at,
        "body": delivery.body,
        **FRESH,
    }
    note(tx, DeliveryHint(delivery.id, delivery.received_at))
    if _insert.change(tx, values) == 1:
        return Reception.STORED
    # Not the token of its lease: it must go up with every taking.
    again = {name: value for name, value in values.items() if name != "lease_token"}
    if tx.execute(_retake.values(again), {"own": delivery.id}).rowcount == 1:
        return Reception.STORED
    _make_due.change(tx, {"own": delivery.id, "new_due_at": delivery.received_at})
    return Reception.KNOWN


def read_deliveries(snapshot: Snapshot, delivery_ids: Sequence[DeliveryId]) -> list[StoredDelivery]:
    """Read those of some deliveries that still wait to be read, oldest first."""
    found: list[Any] = []
    for names in _named(delivery_ids):
        found += _read(len(names)).rows(snapshot, names)
    found.sort(key=attrgetter("received_at"))
    return [
        StoredDelivery(DeliveryId(row.delivery_id), row.event, row.body, row.received_at)
        for row in found
    ]


def still_unread(tx: Transaction, ids: Sequence[DeliveryId]) -> Sequence[DeliveryId]:
    """Return which deliveries no other node has read meanwhile.

    On SQLite there is no other node, and nothing is asked.
    """
    if tx.dialect.name == _SQLITE:
        return ids
    left: list[DeliveryId] = []
    for names in _named(ids):
        left += [DeliveryId(row.delivery_id) for row in _left(len(names)).rows(tx, names)]
    return left


def record_processed(tx: Transaction, ids: Sequence[DeliveryId], reason: str) -> None:
    """Note that the facts of some deliveries are recorded, and drop their bodies."""
    for names in _named(ids):
        _process(len(names)).change(tx, names | {"new_reason": reason})


def _named(ids: Sequence[DeliveryId]) -> Iterator[dict[str, Any]]:
    """Return the ids as the parameters of statements that take up to `_MOST` of them."""
    for start in range(0, len(ids), _MOST):
        part = ids[start : start + _MOST]
        yield {f"own_{number}": delivery_id for number, delivery_id in enumerate(part)}


def _is_one_of(count: int) -> ColumnElement[bool]:
    return or_(*(deliveries.c.delivery_id == bindparam(f"own_{it}") for it in range(count)))


@cache
def _read(count: int) -> Prepared:
    """Make the statement for a number of ids: it is a part of its text."""
    return Prepared(
        select(
            deliveries.c.delivery_id,
            deliveries.c.event,
            deliveries.c.received_at,
            deliveries.c.body,
        ).where(_is_one_of(count), _is_received)
    )


@cache
def _left(count: int) -> Prepared:
    """Make the statement for a number of ids, as above."""
    return Prepared(select(deliveries.c.delivery_id).where(_is_one_of(count), _is_received))


@cache
def _process(count: int) -> Prepared:
    """Make the statement for a number of ids, as above."""
    return Prepared(
        update(deliveries)
        .where(_is_one_of(count), _is_received)
        .values(
            state=DeliveryState.PROCESSED.value,
            due_at=null(),
            body=null(),
            reason=bindparam("new_reason"),
        )
    )


def record_quarantined(tx: Transaction, delivery_id: DeliveryId, reason: str) -> None:
    """Set a delivery aside for a person; its body is kept to be looked at.

    One that was read meanwhile stays as it is.
    """
    tx.execute(
        update(deliveries)
        .where(
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.state == DeliveryState.RECEIVED,
        )
        .values(state=DeliveryState.QUARANTINED.value, due_at=None, reason=reason)
    )


def known_deliveries(snapshot: Snapshot, ids: Sequence[DeliveryId]) -> frozenset[DeliveryId]:
    """Return which deliveries arrived and need not be asked for again."""
    known = snapshot.scalars(
        select(deliveries.c.delivery_id).where(
            deliveries.c.delivery_id.in_(ids), deliveries.c.state != DeliveryState.QUARANTINED
        )
    )
    return frozenset(DeliveryId(it) for it in known)


def oldest_unread(snapshot: Snapshot) -> datetime | None:
    """Return when the longest waiting unread delivery was received."""
    oldest: datetime | None = _oldest_unread.first(snapshot, {}).oldest
    return oldest
