"""Occupy the writer of a SQLite file, count its commits, and make one fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event, Thread

from sqlalchemy import text

from gate.store.engine.database import Database, Transaction


@contextmanager
def held_up(database: Database) -> Iterator[None]:
    """Occupy the writer while the context lasts, so that work queues up behind it."""
    reached, go_on = Event(), Event()

    def block(_: Transaction) -> None:
        reached.set()
        assert go_on.wait(30)

    blocker = Thread(target=database.transact, args=(block,))
    blocker.start()
    assert reached.wait(30)
    try:
        yield
    finally:
        go_on.set()
        blocker.join()


def queue_up(
    pool: ThreadPoolExecutor, database: Database, works: list[Callable[[Transaction], object]]
) -> list[Future[object]]:
    """Queue works in this order while the writer is held up; they are then one batch."""
    assert database._writer is not None
    jobs = database._writer._jobs
    futures = []
    for number, work in enumerate(works, start=1):
        futures.append(pool.submit(database.transact, work))
        while jobs.qsize() < number and not futures[-1].done():
            pass
    return futures


def count_commits(database: Database) -> Callable[[], int]:
    """Count the transactions that write from now on, by how often the file's version moves."""
    path = database.engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert database._writer is not None
    seen: list[str] = []
    database.transact(
        lambda tx: tx.connection.driver_connection.set_trace_callback(seen.append)  # type: ignore[union-attr]
    )
    seen.clear()
    return lambda: seen.count("COMMIT")


def break_the_commit(tx: Transaction) -> None:
    """Leave a foreign key broken that is looked at only when the transaction is committed."""
    tx.execute(text("PRAGMA defer_foreign_keys = ON"))
    tx.execute(
        text(
            "INSERT INTO effects (effect_key, request_id, position, round, kind, topic, comment,"
            " status, attempts, maybe_landed, intended_at)"
            " VALUES ('k', 404, 0, 1, 'report', '', '', '', 0, 0, 0)"
        )
    )
