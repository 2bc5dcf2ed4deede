"""How one thread writes a SQLite file for many, and what happens when it cannot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest
from sqlalchemy import event, text

from gate.errors import ConfigError, RetryLater
from gate.store.engine.database import Database, Transaction
from tests.store.engine.busy_writer import break_the_commit, count_commits, held_up, queue_up
from tests.store.engine.test_database import deliver, stored


@pytest.fixture
def dialect() -> str:
    """Only SQLite has one writer."""
    return "sqlite"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Provide threads for callers that wait."""
    with ThreadPoolExecutor(32) as threads:
        yield threads


def test_waiting_work_is_committed_together(database: Database, pool: ThreadPoolExecutor) -> None:
    """What queues up while the writer is busy shares one commit."""
    commits = count_commits(database)
    with held_up(database):
        works: list[Callable[[Transaction], object]] = [
            partial(deliver, name=f"d{n}") for n in range(20)
        ]
        futures = queue_up(pool, database, works)
    for future in futures:
        future.result(30)
    assert len(stored(database)) == 20
    assert commits() == 2


def test_who_does_not_wait_is_told_once_a_commit(database: Database) -> None:
    """What was submitted is handed over together, after the commit, each with its own outcome."""
    told: list[list[object]] = []
    outcomes: list[object] = []
    ended = Event()

    def hand_over(calls: list[Callable[[], None]]) -> None:
        assert stored(database) == {"d0", "d2"}
        told.append([call() for call in calls])
        ended.set()

    def settle(result: object, failure: BaseException | None) -> None:
        outcomes.append(failure or result)

    def store(number: int, tx: Transaction) -> int:
        deliver(tx, f"d{number}")
        if number == 1:
            raise LookupError("mine alone")
        return number

    with held_up(database):
        for number in range(3):
            database.submit(partial(store, number), settle, hand_over)
        assert outcomes == []
    assert ended.wait(30)
    first, second, third = outcomes
    assert (first, third) == (0, 2)
    assert isinstance(second, LookupError)
    assert len(told) == 1


def test_who_does_not_wait_hears_of_a_failing_database(database: Database) -> None:
    """A commit that fails fails for them, too; a closed database takes nothing more."""
    outcomes: list[BaseException | None] = []
    ended = Event()

    def hand_over(calls: list[Callable[[], None]]) -> None:
        for call in calls:
            call()
        ended.set()

    def settle(_: object, failure: BaseException | None) -> None:
        outcomes.append(failure)

    database.submit(break_the_commit, settle, hand_over)
    assert ended.wait(30)
    assert [type(outcome) for outcome in outcomes] == [RetryLater]
    database.close()
    with pytest.raises(RetryLater, match="closed"):
        database.submit(lambda tx: deliver(tx, "late"), settle, hand_over)


def test_one_that_fails_harms_no_other(database: Database, pool: ThreadPoolExecutor) -> None:
    """In a batch each job is undone alone, and only its caller hears of it."""

    def fail(tx: Transaction) -> None:
        deliver(tx, "undone")
        raise LookupError("mine alone")

    def mistake(tx: Transaction) -> None:
        deliver(tx, "undone too")
        tx.execute(text("SELECT nothing FROM nowhere"))

    with held_up(database):
        before, failing, wrong, leaving, after = queue_up(
            pool,
            database,
            [
                lambda tx: deliver(tx, "before"),
                fail,
                mistake,
                lambda _: exit_now(),
                lambda tx: deliver(tx, "after"),
            ],
        )
    assert before.result(30) is None
    assert after.result(30) is None
    with pytest.raises(LookupError, match="mine alone"):
        failing.result(30)
    with pytest.raises(Exception, match="nowhere"):
        wrong.result(30)
    with pytest.raises(SystemExit):
        leaving.result(30)
    assert stored(database) == {"before", "after"}


def exit_now() -> None:
    """End the thread that runs this."""
    raise SystemExit(1)


def test_nobody_is_told_before_the_commit(database: Database, pool: ThreadPoolExecutor) -> None:
    """A commit that fails fails for every job of the batch, and nothing of it is kept."""
    with held_up(database):
        works: list[Callable[[Transaction], object]] = [
            lambda tx: deliver(tx, "first"),
            break_the_commit,
            lambda tx: deliver(tx, "last"),
        ]
        futures = queue_up(pool, database, works)
    for future in futures:
        with pytest.raises(RetryLater, match="database_busy"):
            future.result(30)
    assert stored(database) == set()
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("PRAGMA query_only = ON", "readonly"),
        ("PRAGMA max_page_count = 1", "full"),
    ],
)
def test_a_file_that_takes_nothing_is_busy(database: Database, spoil: str, said: str) -> None:
    """A full disk or a read-only file asks for another try, and the next one reopens the file."""
    database.transact(lambda tx: tx.execute(text(spoil)).close())
    with pytest.raises(RetryLater, match=said):
        database.transact(lambda tx: deliver(tx, "x" * 100_000))
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


def test_a_full_disk_fails_the_whole_batch(database: Database, pool: ThreadPoolExecutor) -> None:
    """When the database itself fails, nobody in the batch is told that it went well."""
    with held_up(database):
        futures = queue_up(
            pool,
            database,
            [
                lambda tx: deliver(tx, "first"),
                lambda tx: tx.execute(text("PRAGMA max_page_count = 1")).close(),
                lambda tx: deliver(tx, "x" * 100_000),
                lambda tx: deliver(tx, "last"),
            ],
        )
    for future in futures:
        with pytest.raises(RetryLater):
            future.result(30)
    assert stored(database) == set()


def test_a_locked_file_is_busy(database: Database) -> None:
    """A file that another process writes for long asks for another try."""
    database.transact(lambda tx: tx.execute(text("PRAGMA busy_timeout = 0")).close())
    with closing(sqlite3.connect(str(database.engine.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RetryLater, match="locked"):
            database.transact(lambda tx: deliver(tx, "waits"))
        other.rollback()
    database.transact(lambda tx: deliver(tx, "next"))
    assert stored(database) == {"next"}


def test_a_failing_job_keeps_the_connection(database: Database) -> None:
    """Errors of the work are everyday; only a failing database costs a new connection."""
    opened = 0

    def count(*_: object) -> None:
        nonlocal opened
        opened += 1

    assert database._writer is not None
    database.transact(lambda tx: deliver(tx, "first"))
    event.listen(database._writer._engine, "connect", count)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            database.transact(lambda _: 1 // 0)
    database.transact(lambda tx: deliver(tx, "last"))
    assert opened == 0


def test_every_connection_is_durable(database: Database) -> None:
    """The settings that make a commit survive a power cut are those of the writing connection."""

    def settings(tx: Transaction) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [tx.scalar(text(f"PRAGMA {name}")) for name in names]

    assert database.transact(settings) == ["wal", 2, 1, 5000]


def test_a_transaction_inside_another_is_refused(database: Database) -> None:
    """Work that waits for the writer while it runs on it would wait for ever."""
    with pytest.raises(RuntimeError, match="inside another"):
        database.transact(lambda _: database.transact(lambda tx: deliver(tx, "inner")))


def test_closing_writes_what_is_queued(database: Database, pool: ThreadPoolExecutor) -> None:
    """Whoever was let in before the database closed gets an answer, and it is true."""
    with held_up(database):
        works: list[Callable[[Transaction], object]] = [
            partial(deliver, name=f"d{n}") for n in range(5)
        ]
        futures = queue_up(pool, database, works)
        closing_thread = Thread(target=database.close)
        closing_thread.start()
    closing_thread.join(30)
    assert [future.result(30) for future in futures] == [None] * 5


def test_nobody_waits_for_a_closed_writer(database: Database, pool: ThreadPoolExecutor) -> None:
    """Work that comes while the database closes is written or refused, never left waiting."""
    futures = [pool.submit(database.transact, partial(deliver, name=f"d{n}")) for n in range(200)]
    database.close()
    told = sum(future.exception(30) is None for future in futures)
    for future in futures:
        assert isinstance(future.exception(30), RetryLater | None)
    again = Database(str(database.engine.url))
    try:
        assert len(stored(again)) == told
    finally:
        again.close()


def test_a_second_writer_refuses_to_start(database_url: str) -> None:
    """Two processes that write one file would starve one another, so the second names the file."""
    first = Database(database_url, exclusive=True)
    try:
        with pytest.raises(ConfigError, match=r"gate\.db"):
            Database(database_url, exclusive=True)
    finally:
        # As a signal's thread would.
        closer = Thread(target=first.close)
        closer.start()
        closer.join()
    second = Database(database_url, exclusive=True)
    second.close()


def test_the_writer_ends_with_the_database(database: Database) -> None:
    """Closing leaves no thread behind."""
    writer = database.transact(lambda _: current_thread())
    assert writer is not current_thread()
    database.close()
    assert not writer.is_alive()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A file in a folder that is not there cannot be opened, and nothing is made instead."""
    with pytest.raises(ConfigError, match="missing"):
        Database(f"sqlite:///{tmp_path}/missing/gate.db", exclusive=True)
    assert not (tmp_path / "missing").exists()
