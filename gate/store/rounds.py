"""Do what is done from time to time by one node of the fleet, whichever comes first.

A round remembers what the next one needs to know, so that another node may take that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update

from gate.domain.model.ids import NodeId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.rounds import rounds

_t: Final = rounds.c
_insert: Final = insert_or_ignore(rounds)


@dataclass(frozen=True, slots=True)
class Round:
    """A round that is its holder's; `memory` is what the last one left."""

    name: str
    token: int
    memory: bytes | None


def take_round(
    tx: Transaction, name: str, now: datetime, *, every: timedelta, until: datetime, by: NodeId
) -> Round | None:
    """Take a round until a time; None when the last was not long ago, or another node has it."""
    _insert.change(tx, {"name": name, "lease_token": 0})
    is_due = or_(_t.done_at.is_(None), _t.done_at <= now - every)
    is_free = or_(_t.lease_until.is_(None), _t.lease_until <= now)
    taking = (
        update(rounds)
        .where(_t.name == name, is_due, is_free)
        .values(lease_token=_t.lease_token + 1, lease_until=until, lease_owner=by)
        .returning(_t.lease_token, _t.memory)
    )
    row = tx.execute(taking).first()
    return Round(name, row.lease_token, row.memory) if row is not None else None


def finish_round(tx: Transaction, taken: Round, began: datetime, memory: bytes | None) -> None:
    """Record that a round which began at a time is done, and what the next one is to know."""
    _give_back(tx, taken, done_at=began, memory=memory)


def drop_round(tx: Transaction, taken: Round) -> None:
    """Release a round that failed: whoever comes next tries again."""
    _give_back(tx, taken)


def last_memory(snapshot: Snapshot, name: str) -> bytes | None:
    """Read what the last round left; None when there was none."""
    memory: bytes | None = snapshot.scalar(select(_t.memory).where(_t.name == name))
    return memory


def make_all_due(tx: Transaction) -> None:
    """Let every round be due: for the start of the only process that works on this database."""
    tx.execute(update(rounds).values(done_at=None, lease_until=None, lease_owner=None))


def _give_back(tx: Transaction, taken: Round, **values: object) -> None:
    tx.execute(
        update(rounds)
        .where(_t.name == taken.name, _t.lease_token == taken.token)
        .values(lease_until=None, lease_owner=None, **values)
    )
