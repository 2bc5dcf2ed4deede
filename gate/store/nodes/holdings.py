"""Count the leases of every node, and find what has waited longest for one.

A row is leased while it is due, so the index of due rows finds both. What a node of the release
before has taken has no owner, or an old one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Select, Table, bindparam, func, literal, or_, select, union_all

from gate.domain.model.ids import NodeId
from gate.domain.nodes.fleet import Fleet, Leases
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.inbox import deliveries
from gate.store.engine.tables.requests import gate_requests
from gate.store.next_due import WORK_TABLES
from gate.store.nodes.nodes import list_nodes

LEASED: Final[Mapping[str, Table]] = {
    "requests": gate_requests,
    "deliveries": deliveries,
    **{work.value: table for work, table in WORK_TABLES.items()},
}
"""Every table of due rows, by the kind of work; what is done in rounds is none of them."""

_now: Final = bindparam("now", type_=UtcDateTime)


def _leased(work: str, table: Table) -> Select[tuple[str, str | None, int]]:
    c = table.c
    counted = select(literal(work).label("work"), c.lease_owner, func.count().label("leases"))
    return counted.where(c.due_at <= _now, c.lease_until > _now).group_by(c.lease_owner)


def _waiting(table: Table) -> Select[tuple[datetime]]:
    c = table.c
    is_free = or_(c.lease_until.is_(None), c.lease_until <= _now)
    first = select(c.due_at).where(c.due_at <= _now, is_free).order_by(c.due_at).limit(1)
    return select(first.subquery().c.due_at)


_leases: Final = union_all(*(_leased(work, table) for work, table in LEASED.items()))
_oldest: Final = union_all(*(_waiting(table) for table in LEASED.values()))


def read_fleet(snapshot: Snapshot, now: datetime) -> Fleet:
    """Read the nodes, what each holds, and since when the oldest due row waits."""
    held: defaultdict[NodeId | None, dict[str, int]] = defaultdict(dict)
    for row in snapshot.execute(_leases, {"now": now}):
        owner = NodeId(row.lease_owner) if row.lease_owner is not None else None
        held[owner][row.work] = row.leases
    leases: dict[NodeId | None, Leases] = dict(held)
    oldest = min((row.due_at for row in snapshot.execute(_oldest, {"now": now})), default=None)
    return Fleet(now, tuple(list_nodes(snapshot)), leases, oldest)
