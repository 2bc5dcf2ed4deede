"""Run short transactions on SQLite or PostgreSQL.

Work is handed in as a closure, so that a transaction cannot be held across the network. On SQLite
one thread writes, and commits the work of many callers at once: see docs/adr/0007. What a
transaction makes due, a carrier tells whoever does the work: see docs/adr/0023.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NewType, TypeVar, cast

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from gate.domain.model.hints import Hint
from gate.errors import ConfigError, RetryLater
from gate.store.engine import disks
from gate.store.engine.carrier import Carrier, NoCarrier, as_transaction, collect
from gate.store.engine.outages import busy, closed, is_outage, was_undone
from gate.store.engine.postgresql import transactions as postgresql
from gate.store.engine.writer import NO_HURRY, GroupWriter, HandOver, Settle

T = TypeVar("T")
C = TypeVar("C", bound=Connection)

Snapshot = NewType("Snapshot", Connection)
"""A connection inside a transaction that reads one consistent state."""

Transaction = NewType("Transaction", Snapshot)
"""A connection inside a transaction that will be committed: what it reads it may change."""

_POOL: Final = 16
_BUSY_MILLISECONDS: Final = 5_000

# synchronous is per connection; FULL makes a commit survive a power cut under WAL.
_JOURNAL: Final = f"journal_mode={disks.WAL}"
_DURABLE: Final = (_JOURNAL, "synchronous=FULL", "foreign_keys=ON")
_READING: Final = ("query_only=ON",)
_CAN_BE_WRITTEN: Final = {"postgresql": "SELECT current_setting('transaction_read_only') = 'off'"}


class Database:
    """One database, used by any number of threads.

    `transact` and `read` raise RetryLater("database_busy") when the database cannot be used just
    now: locked, full, read-only, out of reach, closed. Any other error is the work's own and goes
    to its caller alone.
    """

    def __init__(self, url: str, *, exclusive: bool = False) -> None:
        """Open the database at an SQLAlchemy URL.

        `exclusive` takes a lock beside a SQLite file and raises ConfigError when another process
        has it: several writing processes on one file starve one another.
        """
        self._carrier: Carrier = NoCarrier()
        self._lock: FileLock | None = None
        self._closed = False
        # On SQLite all that is written goes through one thread.
        self._is_one_writer = url.startswith("sqlite")
        if self._is_one_writer:
            path = _path(url)
            self._lock = _locked(path) if exclusive else None
            self._reads = _sqlite_engine(url, begin=None, pragmas=_READING)
            self._writes = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pragmas=_DURABLE)
            grouped = _sqlite_engine(url, begin=None, pragmas=_DURABLE)
            self._writer = GroupWriter(grouped, "BEGIN IMMEDIATE")
        else:
            self._reads = self._writes = postgresql.connect(url)
            self._writer = GroupWriter(self._writes, postgresql.WRITING)
        for pool in {self._reads.pool, self._writes.pool}:
            event.listen(pool, "checkin", self._give_back)

    @property
    def dialect(self) -> str:
        """Name the kind of database: `sqlite` or `postgresql`."""
        return self._writes.dialect.name

    @property
    def engine(self) -> Engine:
        """Return an engine that begins and ends transactions by itself, for migrations."""
        if self._is_one_writer:
            return self._writes
        return self._writes.execution_options(isolation_level="READ COMMITTED")

    def carry_by(self, carrier: Carrier) -> None:
        """Let a carrier tell what becomes due; without one nobody is told."""
        self._carrier = self._writer.carrier = carrier

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result once that is durable.

        `work` may be run again when another transaction got in its way, when a migration has just
        changed what it reads, or when one failed that shares its commit. So it must touch nothing
        else. It must not begin a transaction itself.
        """
        if self._closed:
            raise closed()
        if self._is_one_writer:
            return self._writer.run(_on_connection(work))
        try:
            return self._commit(_on_connection(work))
        except RetryLater as error:
            if not was_undone(error.__cause__):
                raise
            return self._commit(_on_connection(work))

    def submit(
        self, work: Callable[[Transaction], Any], settle: Settle, hand_over: HandOver
    ) -> None:
        """Do as `transact`, but return at once: a thread writes, and shares its commits.

        `settle` gets the result once it is durable, or else the error that `transact` would raise.
        The writing thread gives the calls of one commit to `hand_over`, which makes them elsewhere.
        """
        if self._closed:
            raise closed()
        self._writer.submit(_on_connection(work), settle, hand_over)

    def read(self, work: Callable[[Snapshot], T]) -> T:
        """Run `work` on a consistent snapshot; it cannot write."""
        if self._closed:
            raise closed()
        if self._is_one_writer:
            return _snapshot(self._reads, _on_connection(work))
        return postgresql.transact(self._reads, postgresql.READING, _on_connection(work))

    def check(self) -> None:
        """Raise RetryLater unless the database can be written."""
        # A file that takes no writes lets no transaction begin; PostgreSQL refuses later.
        asked = _CAN_BE_WRITTEN.get(self.dialect, "SELECT true")
        if not self.transact(lambda tx: tx.scalar(text(asked))):
            raise RetryLater("database_busy", "the database only reads now")

    def check_reading(self) -> None:
        """Raise RetryLater unless the database can be read."""
        self.read(lambda snapshot: snapshot.execute(text("SELECT 1")))

    def close(self, within: timedelta = NO_HURRY) -> None:
        """Finish what is queued, as far as it is in time, and let go of files and connections."""
        self._closed = True
        self._writer.close(within)
        self._reads.dispose()
        self._writes.dispose()
        if self._lock is not None:
            self._lock.release()

    def _commit(self, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction of a connection of its own; pass on what it has made due."""

        def noting(connection: Connection) -> tuple[T, Sequence[Hint]]:
            collect(connection)
            result = work(connection)
            hints = collect(connection)
            return result, self._carrier.store(as_transaction(connection), hints) if hints else ()

        result, ours = postgresql.transact(self._writes, postgresql.WRITING, noting)
        if ours:
            self._carrier.pass_on(ours)
        return result

    def _give_back(self, _connection: object, record: ConnectionPoolEntry) -> None:
        """Close a connection that was in use while the database closed: its pool is gone."""
        if self._closed:
            record.invalidate()


def _on_connection(work: Callable[[C], T]) -> Callable[[Connection], T]:
    """Let work run on a plain connection: what it calls it differs for type checkers only."""
    return cast("Callable[[Connection], T]", work)


def _path(url: str) -> str:
    path = make_url(url).database or ""
    folder = Path(path).parent
    if not folder.is_dir():
        raise ConfigError((f"GATE_DATABASE_URL: there is no folder {folder}",))
    disks.check_disk(Path(path), disks.MOUNTS)
    return path


def _locked(path: str) -> FileLock:
    # A lock file that cannot be made looks to FileLock like one that another process holds.
    disks.prepare_file(path)
    disks.prepare_file(f"{path}.lock")
    # By default a lock belongs to the thread that took it; whoever closes may be another.
    lock = FileLock(f"{path}.lock", mode=disks.OWNER_ONLY, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        problem = f"GATE_DATABASE_URL: another process uses {path}; stop it, or use PostgreSQL"
        raise ConfigError((problem,)) from None
    except OSError as error:
        raise ConfigError((f"GATE_DATABASE_URL: {path}: {error.strerror}",)) from None
    return lock


def _sqlite_engine(url: str, *, begin: str | None, pragmas: tuple[str, ...]) -> Engine:
    """Make an engine whose transactions begin as told; the driver's own begin is switched off.

    Without `begin` whoever uses the engine begins and ends transactions on the driver itself.
    """
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=_POOL,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
        connection.isolation_level = None
        for pragma in pragmas:
            answer = connection.execute(f"PRAGMA {pragma}").fetchone()
            if pragma == _JOURNAL:
                disks.check_journal(answer[0], str(engine.url.database))

    if begin is not None:

        @event.listens_for(engine, "begin")
        def start(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _snapshot(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Read on a SQLite file, in a transaction begun and ended on the driver.

    What is read often is read so (`gate.store.engine.statements.prepared`), and SQLAlchemy's own
    way of beginning and ending would cost more than all the reading.
    """
    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN DEFERRED")
            try:
                return work(connection)
            finally:
                driver.execute("ROLLBACK")
    except Exception as error:
        if is_outage(error):
            raise busy(error) from error
        raise
