"""A delivery is stored once, read once, and its body goes when it was read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gate.domain.model.ids import DeliveryId
from gate.store.engine.database import Database, Transaction
from gate.store.engine.tables.inbox import deliveries
from gate.store.inbox.deliveries import (
    NewDelivery,
    Reception,
    StoredDelivery,
    known_deliveries,
    oldest_unread,
    read_deliveries,
    record_delivery,
    record_processed,
    record_quarantined,
    rows,
    still_unread,
)
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import NODE, NOW, before
from tests.support.threads import at_once

ONE = DeliveryId("one")


def receive(
    database: Database, name: str = ONE, body: bytes = b"{}", at: datetime = NOW
) -> Reception:
    """Let a delivery arrive."""
    delivery = NewDelivery(DeliveryId(name), "push", at, body)
    return database.transact(lambda tx: record_delivery(tx, delivery))


def due(database: Database, at: datetime = NOW, limit: int = 100) -> list[DeliveryId]:
    """List what is due."""
    return database.read(lambda snapshot: rows.due(snapshot, at, limit))


def unread(database: Database, *names: str) -> list[StoredDelivery]:
    """Read deliveries as whoever processes them does."""
    ids = [DeliveryId(name) for name in names or (ONE,)]
    return database.read(lambda snapshot: read_deliveries(snapshot, ids))


def stored_body(database: Database) -> bytes | None:
    """Read the column itself."""
    query = select(deliveries.c.body)
    body: bytes | None = database.read(lambda snapshot: snapshot.scalars(query).one())
    return body


def process(database: Database, name: str = ONE) -> None:
    """Read a delivery."""
    database.transact(lambda tx: record_processed(tx, [DeliveryId(name)], "recorded"))


def put_off(database: Database, until: datetime, at: datetime = NOW, name: str = ONE) -> int:
    """Fail to read a delivery and come back to it later; return how often that has happened."""

    def taking(tx: Transaction) -> int:
        taken = rows.take(tx, name, at, at + timedelta(minutes=3), by=NODE)
        assert taken is not None
        assert rows.postpone(tx, taken, until)
        return taken.attempts

    return database.transact(taking)


def quarantine(database: Database, name: str = ONE) -> None:
    """Set a delivery aside."""
    database.transact(lambda tx: record_quarantined(tx, DeliveryId(name), "malformed"))


def test_a_delivery_is_stored_and_due_at_once(database: Database) -> None:
    """A new delivery waits to be read, with the body it came with."""
    assert receive(database, body=b'{"a": 1}') is Reception.STORED
    assert due(database) == [ONE]
    assert unread(database) == [StoredDelivery(ONE, "push", b'{"a": 1}', NOW)]


def test_twenty_threads_store_a_delivery_once(database: Database) -> None:
    """Of twenty that bring the same delivery at once exactly one is told that it was stored."""
    told = at_once([lambda: receive(database)] * 20)
    assert sorted(told) == [Reception.KNOWN] * 19 + [Reception.STORED]
    assert len(unread(database)) == 1


def test_two_processes_store_a_delivery_once(open_database: OpenDatabase) -> None:
    """Separate connections, as of separate processes, agree on who was first."""
    nodes = [open_database() for _ in range(4)]
    told = at_once([lambda it=node: receive(it) for node in nodes])  # type: ignore[misc]
    assert sorted(told) == [Reception.KNOWN] * 3 + [Reception.STORED]


def test_a_read_delivery_loses_its_body(database: Database) -> None:
    """Once its facts are recorded nothing of the payload is kept, and it is never due again."""
    receive(database, body=b"secret")
    process(database)
    assert stored_body(database) is None
    assert due(database) == []
    assert unread(database) == []


def test_a_read_delivery_stays_read(database: Database) -> None:
    """The same delivery once more is known, and neither its body nor its reading come back."""
    receive(database)
    process(database)
    assert receive(database, body=b"again") is Reception.KNOWN
    assert stored_body(database) is None
    assert due(database) == []


def test_a_quarantined_delivery_keeps_its_body(database: Database) -> None:
    """What could not be read is kept for a person, and is not tried again by itself."""
    receive(database, body=b"strange")
    quarantine(database)
    assert stored_body(database) == b"strange"
    assert due(database) == []
    assert unread(database) == []


def test_a_redelivery_cures_a_quarantined_one(database: Database) -> None:
    """A delivery that was set aside is taken again, with its new body and no failures."""
    receive(database, body=b"strange")
    put_off(database, NOW)
    quarantine(database)
    assert receive(database, body=b"fine") is Reception.STORED
    assert unread(database) == [StoredDelivery(ONE, "push", b"fine", NOW)]
    assert due(database) == [ONE]


def test_a_redelivery_of_a_waiting_one_makes_it_due(database: Database) -> None:
    """A delivery that was put off is due when it comes once more, with the body it had."""
    receive(database, body=b"first")
    later = NOW + timedelta(hours=1)
    put_off(database, later)
    assert due(database) == []
    assert receive(database, body=b"second") is Reception.KNOWN
    assert due(database) == [ONE]
    assert unread(database) == [StoredDelivery(ONE, "push", b"first", NOW)]


def test_putting_off_counts(database: Database) -> None:
    """Each reading that failed is counted, and the delivery comes back when it was put off to."""
    receive(database)
    later = NOW + timedelta(minutes=1)
    assert [put_off(database, NOW), put_off(database, NOW), put_off(database, later)] == [1, 2, 3]
    assert due(database) == []
    assert due(database, at=later) == [ONE]


@pytest.mark.parametrize("late", ["postponed", "quarantined"])
def test_whoever_comes_late_does_not_undo_the_reading(database: Database, late: str) -> None:
    """A second reader that fails leaves a delivery read that the first one has read."""
    receive(database)
    until = NOW + timedelta(minutes=3)
    taken = database.transact(lambda tx: rows.take(tx, ONE, NOW, until, by=NODE))
    assert taken is not None
    process(database)
    if late == "postponed":
        assert not database.transact(lambda tx: rows.postpone(tx, taken, NOW))
    else:
        quarantine(database)
    assert due(database, at=until) == []
    assert database.read(lambda snapshot: known_deliveries(snapshot, [ONE])) == {ONE}


def test_the_longest_due_comes_first(database: Database) -> None:
    """Deliveries are listed in the order in which they became due, as many as asked for."""
    for name, ago in (("b", 2), ("a", 3), ("c", 1)):
        receive(database, name, at=before(minutes=ago))
    assert due(database) == ["a", "b", "c"]
    assert due(database, limit=2) == ["a", "b"]
    assert due(database, at=before(minutes=2)) == ["a", "b"]


def test_deliveries_are_read_in_the_order_of_arrival(database: Database) -> None:
    """Several are read oldest first, without those that were read or never came."""
    for name, ago in (("b", 2), ("a", 3), ("done", 5), ("c", 1)):
        receive(database, name, at=before(minutes=ago))
    process(database, "done")
    found = unread(database, "c", "done", "a", "never", "b")
    assert [it.id for it in found] == ["a", "b", "c"]


def test_known_are_those_that_need_not_come_again(database: Database) -> None:
    """A delivery that waits or was read is known; one set aside or never seen is not."""
    for name in ("waits", "read", "aside"):
        receive(database, name)
    process(database, "read")
    quarantine(database, "aside")
    ids = [DeliveryId(name) for name in ("waits", "read", "aside", "never")]
    assert database.read(lambda snapshot: known_deliveries(snapshot, ids)) == {"waits", "read"}
    assert database.read(lambda snapshot: known_deliveries(snapshot, [])) == frozenset()


def test_the_oldest_unread(database: Database) -> None:
    """The longest waiting delivery is told by its arrival; read and set aside ones do not count."""
    assert database.read(oldest_unread) is None
    for name, ago in (("read", 9), ("aside", 8), ("old", 7), ("new", 1)):
        receive(database, name, at=before(minutes=ago))
    process(database, "read")
    quarantine(database, "aside")
    later = NOW + timedelta(hours=1)
    put_off(database, later, name="old")
    assert database.read(oldest_unread) == before(minutes=7)


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_any_number_is_read_and_noted_together(database: Database, count: int) -> None:
    """More than one statement takes are taken by several; nothing is left and none comes twice."""
    names = [f"d{number:02}" for number in range(count)]
    for number, name in enumerate(names):
        receive(database, name, at=NOW + timedelta(seconds=number))
    assert [it.id for it in unread(database, *names[::-1])] == names
    rest = [DeliveryId(name) for name in names[1:]]
    database.transact(lambda tx: record_processed(tx, rest, "recorded"))
    assert [it.id for it in unread(database, *names)] == names[:1]


def test_what_another_node_has_read_is_not_read_again(database: Database) -> None:
    """Where several nodes read, each asks again once it has its turn; on SQLite there is one."""
    receive(database, "one")
    receive(database, "two")
    ids = [DeliveryId("one"), DeliveryId("two")]
    database.transact(lambda tx: record_processed(tx, [ONE], "recorded"))
    left = database.transact(lambda tx: list(still_unread(tx, ids)))
    assert left == (ids if database.dialect == "sqlite" else [DeliveryId("two")])
