"""Rounds: what is done from time to time, by one node of the fleet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gate.domain.model.ids import NodeId
from gate.store.engine.database import Database
from gate.store.rounds import (
    Round,
    drop_round,
    finish_round,
    last_memory,
    make_all_due,
    take_round,
)
from tests.store.conftest import OpenDatabase
from tests.support.threads import at_once

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=1)
LEASE = timedelta(minutes=3)
MOMENT = timedelta(microseconds=1)


def take(database: Database, now: datetime, node: str = "n-1") -> Round | None:
    """Try to take the round."""
    return database.transact(
        lambda tx: take_round(tx, "swept", now, every=EVERY, until=now + LEASE, by=NodeId(node))
    )


def finish(database: Database, taken: Round, began: datetime, memory: bytes | None = None) -> None:
    """Finish a round."""
    database.transact(lambda tx: finish_round(tx, taken, began, memory))


def test_a_round_is_due_again_after_its_interval(database: Database) -> None:
    """Counted from its beginning, and not a moment before; it knows what the last one left."""
    first = take(database, NOW)
    assert first is not None
    assert first.memory is None
    finish(database, first, NOW, b"known")
    assert take(database, NOW + EVERY - MOMENT) is None
    second = take(database, NOW + EVERY)
    assert second is not None
    assert second.memory == b"known"
    assert database.read(lambda it: last_memory(it, "swept")) == b"known"


def test_of_many_nodes_one_takes_a_round(open_database: OpenDatabase) -> None:
    """At the same moment."""
    nodes = [open_database() for _ in range(3)]
    taken: list[Round | None] = []
    at_once([lambda it=it: taken.append(take(it, NOW)) for it in nodes])  # type: ignore[misc]
    assert len([it for it in taken if it is not None]) == 1


def test_a_round_of_a_node_that_died_is_taken_by_another(database: Database) -> None:
    """When its lease has ended; should the first come back, it changes nothing."""
    dead = take(database, NOW)
    assert dead is not None
    assert take(database, NOW + LEASE - MOMENT, "n-2") is None
    other = take(database, NOW + LEASE, "n-2")
    assert other is not None
    finish(database, dead, NOW, b"stale")
    finish(database, other, NOW + LEASE, b"fresh")
    assert database.read(lambda it: last_memory(it, "swept")) == b"fresh"


def test_a_round_that_failed_is_due_at_once(database: Database) -> None:
    """And remembers what it knew before."""
    first = take(database, NOW)
    assert first is not None
    finish(database, first, NOW, b"known")
    failed = take(database, NOW + EVERY)
    assert failed is not None
    database.transact(lambda tx: drop_round(tx, failed))
    again = take(database, NOW + EVERY)
    assert again is not None
    assert again.memory == b"known"


def test_the_only_process_begins_with_all_rounds_due(database: Database) -> None:
    """Whatever it held when it died."""
    assert take(database, NOW) is not None
    database.transact(make_all_due)
    assert take(database, NOW) is not None
