"""Run short transactions on SQLite or PostgreSQL.

Work is handed in as a closure, so that a transaction cannot be held across the network. On SQLite
one thread writes, and commits the work of many callers at once: see docs/adr/0007.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from gate.errors import ConfigError, RetryLater

T = TypeVar("T")

Transaction = Connection
"""A connection inside a transaction that will be committed."""

Snapshot = Connection
"""A connection inside a transaction that only reads."""

_BATCH: Final = 128
_POOL: Final = 16
_BUSY_MILLISECONDS: Final = 5_000


class Database:
    """One database, used by any number of threads.

    `transact` and `read` raise RetryLater("database_busy") when the database cannot be used just
    now: locked, full, read-only, out of reach. Any other error is the work's own and goes to its
    caller alone.
    """

    def __init__(self, url: str, *, exclusive: bool = False) -> None:
        """Open the database at an SQLAlchemy URL.

        `exclusive` takes a lock beside a SQLite file and raises ConfigError when another process
        has it: several writing processes on one file starve one another.
        """
        parsed = make_url(url)
        self._lock = _locked(parsed.database or "") if exclusive and _is_sqlite(url) else None
        self._writer: _GroupWriter | None = None
        if _is_sqlite(url):
            self._reads = _sqlite_engine(url, begin="BEGIN DEFERRED")
            self._writes = _sqlite_engine(url, begin="BEGIN IMMEDIATE")
            self._writer = _GroupWriter(_sqlite_engine(url, begin=None))
        else:
            self._reads = self._writes = _postgresql_engine(url)

    @property
    def dialect(self) -> str:
        """Name the kind of database: `sqlite` or `postgresql`."""
        return self._writes.dialect.name

    @property
    def engine(self) -> Engine:
        """Give the engine that writes, for migrations and checks of the schema."""
        return self._writes

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` may be run again when the database asks for it, so it must touch nothing else.
        """
        if self._writer is not None:
            return self._writer.run(work)
        try:
            return _run(self._writes, work)
        except RetryLater:
            # A deadlock or a lost connection: PostgreSQL has rolled everything back.
            return _run(self._writes, work)

    def read(self, work: Callable[[Snapshot], T]) -> T:
        """Run `work` on a consistent snapshot; it must not write."""
        return _run(self._reads, work)

    def check(self) -> None:
        """Raise RetryLater unless the database can be written."""
        self.transact(lambda tx: tx.execute(text("SELECT 1")))

    def close(self) -> None:
        """Finish what is queued and let go of files and connections."""
        if self._writer is not None:
            self._writer.close()
        self._reads.dispose()
        self._writes.dispose()
        if self._lock is not None:
            self._lock.release()


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")


def _locked(path: str) -> FileLock:
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        problem = f"GATE_DATABASE_URL: another process uses {path}; stop it, or use PostgreSQL"
        raise ConfigError((problem,)) from None
    except OSError as error:
        raise ConfigError((f"GATE_DATABASE_URL: {path}: {error.strerror}",)) from None
    return lock


def _sqlite_engine(url: str, *, begin: str | None) -> Engine:
    """Make an engine whose transactions begin as told; the driver's own begin is switched off.

    Without `begin` whoever uses the engine begins and ends transactions on the driver itself.
    """
    path = Path(make_url(url).database or "")
    if not path.parent.is_dir():
        raise ConfigError((f"GATE_DATABASE_URL: there is no folder {path.parent}",))
    arguments = {"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False}
    engine = create_engine(url, poolclass=QueuePool, pool_size=_POOL, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
        connection.isolation_level = None
        # synchronous is per connection; FULL makes a commit survive a power cut under WAL.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    if begin is not None:

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_pre_ping=True,
        pool_timeout=_BUSY_MILLISECONDS / 1000,
        isolation_level="READ COMMITTED",
    )


def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        with engine.begin() as connection:
            return work(connection)
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise _busy(error) from error


def _busy(error: Exception) -> RetryLater:
    """Say what the database said, without statements and parameters."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return RetryLater("database_busy", str(said))


class _Job:
    """One closure that waits to be written, and where its result goes."""

    __slots__ = ("future", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()


class _GroupWriter:
    """One thread that runs queued work and commits it together.

    It waits for nothing: it takes what has queued up while the last commit was on its way to the
    disk. Each job of a batch has its own savepoint, so that one that fails is undone alone.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._thread = Thread(target=self._write, name="gate-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Queue `work` and wait until it is durable, or has failed."""
        if self._closed:
            raise RetryLater("database_busy", "the database is closed")
        job = _Job(work)
        self._jobs.put(job)
        result: T = job.future.result()
        return result

    def close(self) -> None:
        """Write what is queued, then end the thread."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._reconnect()
        self._engine.dispose()

    def _write(self) -> None:
        while (job := self._jobs.get()) is not None:
            batch, is_last = self._batch(job)
            self._commit(batch)
            if is_last:
                return

    def _batch(self, first: _Job) -> tuple[list[_Job], bool]:
        """Take what else has queued up; say whether the end of the queue was among it."""
        batch = [first]
        while len(batch) < _BATCH:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _commit(self, batch: list[_Job]) -> None:
        """Run a batch in one transaction; give out results only once they are durable."""
        try:
            outcomes = self._transaction(batch)
        except (OperationalError, InterfaceError, sqlite3.Error) as error:
            self._reconnect()
            for job in batch:
                job.future.set_exception(_busy(error))
            return
        except Exception as error:  # noqa: BLE001 - the callers wait; each must hear of it
            self._reconnect()
            for job in batch:
                job.future.set_exception(error)
            return
        for job, result, failure in outcomes:
            if failure is None:
                job.future.set_result(result)
            else:
                job.future.set_exception(failure)

    def _transaction(self, batch: list[_Job]) -> list[_Outcome]:
        """Do the work of a batch.

        Transaction and savepoints are begun and ended on the driver's own connection: going
        through SQLAlchemy would cost as much as the statements between them.
        """
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        driver.execute("BEGIN IMMEDIATE")
        if len(batch) == 1:
            outcomes: list[_Outcome] = [(batch[0], batch[0].work(connection), None)]
        else:
            outcomes = [_attempt(connection, driver, job) for job in batch]
        driver.execute("COMMIT")
        return outcomes

    def _reconnect(self) -> None:
        """Throw the connection away, with whatever was not committed on it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


_Outcome = tuple[_Job, Any, Exception | None]


def _attempt(connection: Connection, driver: sqlite3.Connection, job: _Job) -> _Outcome:
    """Run one job of several; undo it alone when it fails, unless the database itself did."""
    driver.execute("SAVEPOINT job")
    try:
        result = job.work(connection)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - it belongs to the job's caller
        driver.execute("ROLLBACK TO job")
        driver.execute("RELEASE job")
        return job, None, error
    driver.execute("RELEASE job")
    return job, result, None
