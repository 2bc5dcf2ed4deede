"""What every transaction can rely on, whichever database it runs on."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gate.domain.model.ids import DeliveryId
from gate.errors import GateError, RetryLater
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.tables.inbox import deliveries
from gate.store.inbox.deliveries import NewDelivery, record_delivery
from tests.store.conftest import OpenDatabase
from tests.support.builders.defaults import NOW
from tests.support.threads import at_once


def deliver(tx: Transaction, name: str) -> None:
    """Store a delivery, as an example of a write."""
    record_delivery(tx, NewDelivery(DeliveryId(name), "push", NOW, b"{}"))


def stored(database: Database) -> set[str]:
    """Name the deliveries that are stored."""
    return set(database.read(lambda snapshot: snapshot.scalars(select(deliveries.c.delivery_id))))


def test_transact_gives_the_result(database: Database) -> None:
    """What the work returns comes back once it is committed."""
    assert database.transact(lambda tx: tx.scalar(text("SELECT 42"))) == 42


def test_an_error_undoes_the_work(database: Database) -> None:
    """Work that raises leaves no trace, and its caller gets the very error."""
    mistake = LookupError("no such thing")

    def work(tx: Transaction) -> None:
        deliver(tx, "half")
        raise mistake

    with pytest.raises(LookupError) as raised:
        database.transact(work)
    assert raised.value is mistake
    assert stored(database) == set()


def test_work_goes_on_after_an_error(database: Database) -> None:
    """One failure does not harm the next transaction."""
    with pytest.raises(ZeroDivisionError):
        database.transact(lambda _: 1 // 0)
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_even_an_exit_goes_to_its_caller(database: Database, error: BaseException) -> None:
    """Work that ends its thread ends its caller's, not the one that serves all."""

    def work(_: Transaction) -> None:
        raise error

    with pytest.raises(type(error)):
        database.transact(work)
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


def test_an_integrity_error_is_not_hidden(database: Database) -> None:
    """A broken rule of the schema is a mistake of ours, not a busy database."""
    with pytest.raises(IntegrityError):
        database.transact(lambda tx: tx.execute(text("INSERT INTO listings (path) VALUES ('a')")))


def test_a_mistake_in_a_statement_is_not_hidden(database: Database) -> None:
    """A statement that can never work is not tried again for ever."""
    with pytest.raises(DBAPIError):
        database.transact(lambda tx: tx.execute(text("SELECT nothing FROM nowhere")))
    with pytest.raises(DBAPIError):
        database.read(lambda snapshot: snapshot.execute(text("SELECT nothing FROM nowhere")))


def test_no_parameters_in_errors(database: Database) -> None:
    """What a failing statement was given does not get into an error, which may be logged."""
    insert = text("INSERT INTO listings (path) VALUES (:path)")
    with pytest.raises(IntegrityError) as raised:
        database.transact(lambda tx: tx.execute(insert, {"path": "s3cret"}))
    assert "s3cret" not in str(raised.value).partition("DETAIL:")[0]
    assert "[parameters:" not in str(raised.value)


def test_retry_later_of_the_work_is_its_own(database: Database) -> None:
    """Work that gives up by itself is not run again: nothing has changed for it."""
    runs = 0

    def work(_: Transaction) -> None:
        nonlocal runs
        runs += 1
        raise RetryLater("github_unavailable")

    with pytest.raises(RetryLater, match="github_unavailable"):
        database.transact(work)
    assert runs == 1


def test_a_read_cannot_write(database: Database) -> None:
    """A snapshot refuses to write."""
    with pytest.raises((DBAPIError, GateError)):
        database.read(lambda snapshot: deliver(Transaction(snapshot), "sneaked in"))
    assert stored(database) == set()


def test_a_snapshot_stands_still(database: Database) -> None:
    """Two statements of one read see the same, whatever is committed between them."""
    database.transact(lambda tx: deliver(tx, "before"))
    query = select(deliveries.c.delivery_id)

    def look_twice(snapshot: Snapshot) -> tuple[int, int]:
        first = len(snapshot.scalars(query).all())
        database.transact(lambda tx: deliver(tx, "meanwhile"))
        return first, len(snapshot.scalars(query).all())

    assert database.read(look_twice) == (1, 1)
    assert stored(database) == {"before", "meanwhile"}


def test_many_threads_lose_nothing(database: Database) -> None:
    """Twenty threads that write at once all find their row."""
    names = [f"d{number}" for number in range(20)]
    at_once([partial(database.transact, partial(deliver, name=name)) for name in names])
    assert stored(database) == set(names)


def test_what_is_committed_survives_closing(open_database: OpenDatabase) -> None:
    """Another process sees what was written before this one closed."""
    first = open_database()
    first.transact(lambda tx: deliver(tx, "kept"))
    first.close()
    assert stored(open_database()) == {"kept"}


def test_a_closed_database_is_busy(database: Database) -> None:
    """After closing nothing is read or written any more, and closing again changes nothing."""
    database.close()
    database.close()
    with pytest.raises(RetryLater, match="closed"):
        database.transact(lambda tx: deliver(tx, "late"))
    with pytest.raises(RetryLater, match="closed"):
        stored(database)


def test_a_connection_in_use_is_closed_when_it_comes_back(database: Database) -> None:
    """Work that is under way while the database closes is finished, and leaves nothing open."""

    def work(snapshot: Snapshot) -> tuple[Any, int]:
        database.close()
        return snapshot.connection.driver_connection, snapshot.execute(select(1)).scalar_one()

    driver, one = database.read(work)
    assert one == 1
    with pytest.raises(Exception, match="closed"):
        driver.execute("SELECT 1")


def test_check(database: Database) -> None:
    """An open database passes its check, a closed one does not."""
    database.check()
    database.close()
    with pytest.raises(RetryLater):
        database.check()
