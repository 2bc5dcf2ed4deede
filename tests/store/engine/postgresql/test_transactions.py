"""What only several connections at once can do to one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier, Event
from typing import Final

import pytest
from psycopg import ConnectionInfo
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import OperationalError

from gate.clock import utc_now
from gate.doctor.clocks import BOTH
from gate.doctor.database import find_database
from gate.doctor.findings import Level
from gate.errors import RetryLater
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.postgresql import transactions as postgresql
from gate.store.engine.server import is_pooled
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.inbox import deliveries
from tests.store.engine.test_database import deliver, stored
from tests.support.alert_settings import settings_with
from tests.support.harness import wait_for
from tests.support.threads import at_once

_END_THE_OTHERS: Final = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""Waits until they have ended: one that still ends takes a question, and answers with an error."""


@pytest.fixture
def dialect() -> str:
    """SQLite has one writer; these are about several."""
    return "postgresql"


def lock(tx: Transaction, name: str) -> None:
    """Lock one row until the transaction ends."""
    row = select(deliveries.c.event).where(deliveries.c.delivery_id == name).with_for_update()
    tx.execute(row).one()


def test_a_deadlock_is_run_again(database: Database) -> None:
    """Of two transactions that wait for one another one is undone, and then done once more."""
    for name in ("a", "b"):
        database.transact(partial(deliver, name=name))
    both_hold_one = Barrier(2)
    one_is_done = Event()
    runs: list[str] = []

    def crossing(first: str, second: str) -> None:
        def work(tx: Transaction) -> None:
            if len(runs) == 2:
                # What was undone must not win the race for the lock it has just let go.
                one_is_done.wait(30)
            lock(tx, first)
            runs.append(first)
            if len(runs) <= 2:
                both_hold_one.wait(30)
            lock(tx, second)
            deliver(tx, f"after {first}")

        database.transact(work)
        one_is_done.set()

    at_once([lambda: crossing("a", "b"), lambda: crossing("b", "a")])
    assert len(runs) == 3
    assert stored(database) == {"a", "b", "after a", "after b"}


def test_a_lost_connection_is_not_run_again(database: Database) -> None:
    """What may have been committed is not repeated blindly, and the next one reconnects."""
    runs = 0

    def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        deliver(tx, "cut off")
        tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(RetryLater, match="database_busy") as raised:
        database.transact(work)
    assert runs == 1
    assert isinstance(raised.value.__cause__, OperationalError)
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


def test_a_pooler_is_told_from_the_server(database: Database) -> None:
    """Without one, whoever was connected to is who answers."""
    assert database.read(is_pooled) is False


@pytest.mark.parametrize(
    ("ahead", "level"),
    [(0, Level.OK), (20, Level.OK), (-20, Level.OK), (45, Level.FAIL), (-45, Level.FAIL)],
)
def test_the_doctor_compares_the_clock_of_the_node(
    database_url: str, ahead: int, level: Level
) -> None:
    """All nodes go by the server's clock; a difference means that one of the two is wrong."""
    settings = settings_with(DATABASE_URL=database_url)
    found = find_database(settings, lambda: utc_now() + timedelta(seconds=ahead))
    (finding,) = [it for it in found if it.what == "clock of the node"]
    assert finding.level is level
    if level is Level.FAIL:
        assert finding.found.endswith(" the database's")
        assert " s ahead of " in finding.found or " s behind " in finding.found
        assert finding.remedy == BOTH


def test_a_server_that_only_reads_is_busy(database: Database) -> None:
    """A standby that was not promoted yet asks for another try."""

    def work(tx: Transaction) -> None:
        tx.execute(text("SET TRANSACTION READ ONLY"))
        deliver(tx, "refused")

    with pytest.raises(RetryLater, match="read-only"):
        database.transact(work)


def test_a_server_that_only_reads_fails_the_check(database: Database) -> None:
    """It answers questions, so nothing but a look at its own setting shows it."""
    database.check()
    name = database.engine.url.database

    def only_reads(value: str) -> None:
        setting = f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
        with admin.connect() as connection:
            connection.execute(text(setting))
            assert all(connection.scalars(_END_THE_OTHERS).all())

    admin = create_engine(database.engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    only_reads("on")
    try:
        with pytest.raises(RetryLater, match="only reads"):
            database.check()
        database.check_reading()
    finally:
        with admin.connect() as connection:
            connection.execute(text("SET default_transaction_read_only = off"))
            connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
        admin.dispose()


def _left(tx: Transaction) -> list[str]:
    prepared = tx.scalars(text("SELECT name FROM pg_prepared_statements")).all()
    settings = tx.scalars(text("SELECT name FROM pg_settings WHERE source = 'session'")).all()
    # What BEGIN itself sets ends with the transaction.
    return [it for it in (*prepared, *settings) if not it.startswith("transaction_")]


def test_nothing_is_left_in_a_session_of_a_pooler(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler such as PgBouncer gives each transaction another, which knows nothing of it."""
    # A pooler makes up the number by which it lets a client cancel a query.
    monkeypatch.setattr(ConnectionInfo, "backend_pid", 0)
    for number in range(12):
        database.transact(partial(deliver, name=f"d{number}"))
        stored(database)
    assert database.transact(_left) == []


def test_a_frequent_statement_is_prepared_once(database: Database) -> None:
    """The server parses and plans it the first time only."""
    for number in range(12):
        database.transact(partial(deliver, name=f"d{number}"))
    inserts = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")
    assert database.transact(lambda tx: tx.scalar(inserts)) == 1


_attempts = select(deliveries.c.attempts)
_prepared_attempts = Prepared(_attempts)


def _read_attempts_often(snapshot: Snapshot) -> list[int]:
    """Read by SQLAlchemy's own way, until the driver has prepared it."""
    return [snapshot.execute(_attempts).scalar_one() for _ in range(6)]


@pytest.mark.parametrize("read", [lambda tx: _prepared_attempts.rows(tx, {}), _read_attempts_often])
def test_a_statement_whose_result_a_migration_changed_is_prepared_anew(
    database: Database, read: Callable[[Snapshot], list[object]]
) -> None:
    """No connection that knows the old one is used again, and the work runs once more."""
    database.transact(partial(deliver, name="d"))

    def read_on_several(tx: Transaction, more: int) -> list[object]:
        if more:
            database.transact(partial(read_on_several, more=more - 1))
        return read(tx)

    expected = database.transact(partial(read_on_several, more=3))
    change = "ALTER TABLE deliveries ALTER attempts TYPE {}"
    other = create_engine(database.engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with other.connect() as connection:
        connection.execute(text(change.format("BIGINT")))
        try:
            assert database.transact(read) == expected
            assert database.read(read) == expected
        finally:
            # Other tests use this database.
            connection.execute(text(change.format("INTEGER")))
    other.dispose()


def test_a_connection_that_the_server_closed_is_replaced(database: Database) -> None:
    """Whoever comes next after a restart of the server need not know of it."""
    database.transact(partial(deliver, name="before"))
    other = create_engine(database.engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        assert all(connection.scalars(_END_THE_OTHERS).all())
    other.dispose()
    database.transact(partial(deliver, name="after"))


def test_a_transaction_of_a_process_that_stands_still_is_ended(database: Database) -> None:
    """Its locks hold up every other node, and a paused machine may never go on."""
    limit = database.transact(
        lambda tx: tx.scalar(text("SHOW idle_in_transaction_session_timeout"))
    )
    assert limit == "10s"
    ended = select(text("NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)"))

    def stand_still(tx: Transaction) -> None:
        deliver(tx, "half")
        pid = tx.scalar(text("SELECT pg_backend_pid()"))
        # As if ten seconds had passed.
        tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
        wait_for(lambda: database.read(lambda it: it.scalar(ended, {"pid": pid})), "its end")
        deliver(tx, "whole")

    with pytest.raises(RetryLater, match="database_busy"):
        database.transact(stand_still)
    assert stored(database) == set()


def test_who_only_reads_may_stand_still(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow reader of an export keeps no lock that a writing node waits for."""
    database.transact(lambda tx: deliver(tx, "there"))
    monkeypatch.setattr(
        postgresql, "_STANDS_STILL", "SET idle_in_transaction_session_timeout = '20ms'"
    )
    hasty = Database(database_url)
    ended = select(text("NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)"))

    def stand_still(tx: Transaction) -> None:
        pid = tx.scalar(text("SELECT pg_backend_pid()"))
        wait_for(lambda: database.read(lambda it: it.scalar(ended, {"pid": pid})), "its end")
        deliver(tx, "never")

    def read_slowly(snapshot: Snapshot) -> list[str]:
        before = snapshot.scalars(select(deliveries.c.delivery_id)).all()
        # It stands still for longer than a transaction that writes is allowed to.
        with pytest.raises(RetryLater, match="database_busy"):
            hasty.transact(stand_still)
        return [*before, *snapshot.scalars(select(deliveries.c.delivery_id)).all()]

    try:
        assert hasty.read(read_slowly) == ["there", "there"]
    finally:
        hasty.close()
