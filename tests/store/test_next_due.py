"""When something will be due, over all tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gate.domain.model.hints import Work
from gate.domain.model.ids import DeliveryId, NodeId, RepositoryId
from gate.store.engine.database import Database
from gate.store.engine.tables.base import metadata
from gate.store.inbox import deliveries
from gate.store.inbox.deliveries import NewDelivery, record_delivery
from gate.store.incidents import checks
from gate.store.next_due import _TABLES, WORK_TABLES, DueWork, read_due_work

NOW = datetime(2031, 3, 1, 9, 0, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
REPOSITORY = RepositoryId(7)


def at(database: Database, now: datetime) -> DueWork:
    """Ask what is due at a time."""
    return database.read(lambda snapshot: read_due_work(snapshot, now))


def test_an_empty_database_waits_for_nothing(database: Database) -> None:
    """Then only a hint or the poll wakes anybody."""
    assert at(database, NOW) == DueWork(frozenset(), None)


def test_every_table_of_work_that_waits_is_asked() -> None:
    """A new one must not be forgotten: nobody polls it."""
    waiting = {
        it.name for it in metadata.sorted_tables if "due_at" in it.c and "lease_token" in it.c
    }
    assert {it.name for it in _TABLES} == waiting
    assert set(WORK_TABLES) == set(Work)


def test_a_row_is_next_until_it_is_due(database: Database) -> None:
    """At its very instant it is due."""
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW))
    assert at(database, NOW - MOMENT) == DueWork(frozenset(), NOW)
    assert at(database, NOW) == DueWork(frozenset({Work.INCIDENTS}), None)


def test_a_row_that_somebody_works_on_is_next_when_the_lease_ends(database: Database) -> None:
    """Should they die, it is found right then."""
    until = NOW + timedelta(minutes=3)
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW))
    database.transact(lambda tx: checks.rows.take(tx, REPOSITORY, NOW, until, by=NodeId("n-1")))
    assert at(database, NOW) == DueWork(frozenset(), until)
    assert at(database, until) == DueWork(frozenset({Work.INCIDENTS}), None)


def test_the_earliest_of_all_tables_counts(database: Database) -> None:
    """Deliveries, too, although their keys are listed elsewhere."""
    soon = NOW + timedelta(seconds=5)
    database.transact(lambda tx: checks.mark_check(tx, REPOSITORY, NOW + timedelta(hours=1)))
    new = NewDelivery(DeliveryId("d-1"), "push", soon, b"{}")
    database.transact(lambda tx: record_delivery(tx, new))
    assert at(database, NOW).next_due == soon
    assert deliveries.rows.name in {it.name for it in _TABLES}
