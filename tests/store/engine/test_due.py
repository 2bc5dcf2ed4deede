"""A row that is due is worked on by one at a time, and nothing that comes meanwhile is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from gate.domain.model.ids import CommentId, DeliveryId, RepositoryId
from gate.store.comments import replies
from gate.store.comments.replies import Reply
from gate.store.engine.database import Database
from gate.store.engine.due import DueTable, Taken
from gate.store.engine.tables.comments import replies as table
from gate.store.engine.tables.inbox import deliveries as delivery_table
from gate.store.inbox import deliveries
from gate.store.inbox.deliveries import NewDelivery
from gate.store.incidents import checks
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import NODE, NOW
from tests.support.threads import at_once

LEASE = timedelta(minutes=3)
REPOSITORY = RepositoryId(1)


def owe(database: Database, key: str = "a", at: datetime = NOW) -> None:
    """Owe a reply."""
    reply = Reply(key, REPOSITORY, 7, CommentId(5), "eyes", None)
    database.transact(lambda tx: replies.record_reply(tx, reply, at))


def due(database: Database, rows: DueTable = replies.rows, minutes: float = 0) -> list[object]:
    """List what is due some minutes later."""
    now = NOW + timedelta(minutes=minutes)
    return database.read(lambda it: rows.due(it, now, 10))


def take(
    database: Database, key: object = "a", rows: DueTable = replies.rows, minutes: float = 0
) -> Taken | None:
    """Take a row some minutes later."""
    now = NOW + timedelta(minutes=minutes)
    return database.transact(lambda tx: rows.take(tx, key, now, now + LEASE, by=NODE))


def taken(
    database: Database, key: object = "a", rows: DueTable = replies.rows, minutes: float = 0
) -> Taken:
    """Take a row that has to be due."""
    found = take(database, key, rows, minutes)
    assert found is not None
    return found


def state(database: Database) -> tuple[object, ...]:
    """Read how the only reply stands."""
    query = select(table.c.state, table.c.outcome, table.c.attempts, table.c.due_at)
    return tuple(database.read(lambda it: it.execute(query).one()))


def test_the_longest_due_comes_first(database: Database) -> None:
    """As many as asked for, in the order in which they became due; none before its time."""
    for key, minutes in (("b", -2), ("a", -3), ("later", 1)):
        owe(database, key, NOW + timedelta(minutes=minutes))
    assert due(database) == ["a", "b"]
    assert database.read(lambda it: replies.rows.due(it, NOW, 1)) == ["a"]


def test_of_many_nodes_one_takes_a_row(open_database: OpenDatabase) -> None:
    """The others find it leased."""
    nodes = [open_database() for _ in range(4)]
    owe(nodes[0])
    found = at_once([lambda it=node: take(it) for node in nodes])  # type: ignore[misc]
    assert len([it for it in found if it is not None]) == 1


def test_a_lease_ends_by_itself(database: Database) -> None:
    """Whoever died with it blocks nobody for longer; each taking counts as a try."""
    owe(database)
    first = taken(database)
    assert due(database, minutes=2.9) == []
    assert take(database, minutes=2.9) is None
    assert due(database, minutes=3) == ["a"]
    second = taken(database, minutes=3)
    assert (first.attempts, second.attempts) == (1, 2)
    assert second.token > first.token


@pytest.mark.parametrize("way", ["settle", "postpone", "release", "lock"])
def test_whoever_lost_the_lease_changes_nothing(database: Database, way: str) -> None:
    """What a slow node writes under an older token is not taken."""
    owe(database)
    late = taken(database)
    taken(database, minutes=3)
    before = state(database)
    rows = replies.rows
    done = database.transact(
        {
            "settle": lambda tx: rows.settle(tx, late, state="done"),
            "postpone": lambda tx: rows.postpone(tx, late, NOW),
            "release": lambda tx: rows.release(tx, late),
            "lock": lambda tx: rows.lock(tx, late) is not None,
        }[way]
    )
    assert not done
    assert state(database) == before


def test_a_settled_row_is_never_due_again(database: Database) -> None:
    """Nor can it be postponed by whoever still thinks that they hold it."""
    owe(database)
    held = taken(database)
    assert database.transact(lambda tx: replies.rows.settle(tx, held, state="done"))
    assert not database.transact(lambda tx: replies.rows.postpone(tx, held, NOW))
    assert state(database)[0] == "done"
    assert due(database, minutes=9) == []


def test_a_postponed_row_keeps_its_count(database: Database) -> None:
    """It is due when it was put off to, and its values are written along."""
    owe(database)
    held, later = taken(database), NOW + timedelta(minutes=1)
    database.transact(lambda tx: replies.rows.postpone(tx, held, later, outcome="busy"))
    assert due(database, minutes=0.9) == []
    assert due(database, minutes=1) == ["a"]
    assert taken(database, minutes=1).attempts == 2
    assert state(database)[1] == "busy"


def test_a_released_row_was_never_taken(database: Database) -> None:
    """It is due as before, and the try does not count."""
    owe(database)
    held = taken(database)
    database.transact(lambda tx: replies.rows.release(tx, held))
    assert due(database) == ["a"]
    assert taken(database).attempts == 1


def store_delivery(database: Database) -> DeliveryId:
    """Store a delivery, the only work that may be set aside."""
    name = DeliveryId("one")
    delivery = NewDelivery(name, "push", NOW, b"{}")
    database.transact(lambda tx: deliveries.record_delivery(tx, delivery))
    return name


def test_quarantine_keeps_a_row_for_a_person(database: Database) -> None:
    """It is not due any more, and its reason is on record; a late holder sets nothing aside."""
    name, rows = store_delivery(database), deliveries.rows
    late = taken(database, name, rows)
    held = taken(database, name, rows, minutes=3)
    assert not database.transact(lambda tx: rows.quarantine(tx, late, reason="bug"))
    assert database.transact(lambda tx: rows.quarantine(tx, held, reason="bug"))
    c = delivery_table.c
    query = select(c.state, c.reason, c.attempts, c.due_at)
    found = database.read(lambda it: it.execute(query).one())
    assert tuple(found) == ("quarantined", "bug", 2, None)


def test_a_row_that_comes_again_keeps_its_tokens(database: Database) -> None:
    """Whoever held it before it was set aside is not taken for its holder now."""
    name, rows = store_delivery(database), deliveries.rows
    late = taken(database, name, rows)
    database.transact(lambda tx: rows.quarantine(tx, late, reason="bug"))
    store_delivery(database)
    again = taken(database, name, rows)
    assert again.token > late.token
    assert not database.transact(lambda tx: rows.postpone(tx, late, NOW))


def test_what_must_be_done_is_never_set_aside(database: Database) -> None:
    """A repository's incidents are looked at whatever happens: only postponing is left."""
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW))
    held = taken(database, REPOSITORY, checks.rows)
    assert not database.transact(lambda tx: checks.rows.quarantine(tx, held))
    assert due(database, checks.rows, minutes=3) == [REPOSITORY]


def test_news_during_a_lease_stay_due(database: Database) -> None:
    """Settling ends the lease, and leaves due what came meanwhile; news break no lease."""
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW))
    held = taken(database, REPOSITORY, checks.rows)
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW))
    assert due(database, checks.rows) == []
    assert database.transact(lambda tx: checks.rows.settle(tx, held))
    assert due(database, checks.rows) == [REPOSITORY]
    again = taken(database, REPOSITORY, checks.rows)
    assert again.attempts == 1
    assert database.transact(lambda tx: checks.rows.settle(tx, again))
    assert due(database, checks.rows, minutes=60) == []
