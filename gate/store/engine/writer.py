"""Write in one thread, and commit the work of many callers at once.

A commit waits for the disk; sharing it is what makes thousands of durable writes a second possible.
On SQLite all that is written goes this way, on PostgreSQL what nobody waits for in a thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread, current_thread
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gate.domain.model.hints import Hint
from gate.store.engine.carrier import Carrier, NoCarrier, as_transaction, collect
from gate.store.engine.outages import busy, closed, is_outage, was_undone

T = TypeVar("T")

Settle = Callable[[Any, BaseException | None], None]
"""Takes what a job came to: its result, or else its error."""

HandOver = Callable[[list[Callable[[], None]]], None]
"""Takes calls that are to be made elsewhere, all those of one commit at once; must not raise."""

NO_HURRY: Final = timedelta(hours=1)
"""Longer than any commit takes."""

_BATCH: Final = 128
_SQLITE: Final = "sqlite"


class _Job:
    """One closure that waits to be written, who is told, and by what way (None: at once)."""

    __slots__ = ("hand_over", "settle", "work")

    def __init__(
        self, work: Callable[[Connection], Any], settle: Settle, hand_over: HandOver | None = None
    ) -> None:
        self.work = work
        self.settle = settle
        self.hand_over = hand_over


class _Waiting:
    """A caller that waits in its thread; a bare lock costs a fraction of a Future."""

    __slots__ = ("_ended", "_failure", "_result")

    def __init__(self) -> None:
        self._ended = Lock()
        self._ended.acquire()

    def settle(self, result: Any, failure: BaseException | None) -> None:  # noqa: ANN401 - any work's
        self._result = result
        self._failure = failure
        self._ended.release()

    def wait(self) -> Any:  # noqa: ANN401 - any work's
        """Return the result, or raise what the work has raised."""
        self._ended.acquire()
        if self._failure is not None:
            raise self._failure
        return self._result


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a job, and what it made due."""

    job: _Job
    result: Any = None
    failure: BaseException | None = None
    hints: Sequence[Hint] = ()


class GroupWriter:
    """One thread that runs queued work and commits it together.

    It waits for nothing: it takes what has queued up while the last commit was on its way to the
    disk. When a job fails, the batch is run again, and that job undone alone; when the database
    fails, the whole batch does.
    """

    def __init__(self, engine: Engine, begin: str) -> None:
        """Start the thread; `engine` must leave beginning and ending transactions to it.

        `begin` is the statement by which it begins one.
        """
        self._engine = engine
        self._begin = begin
        self.carrier: Carrier = NoCarrier()
        self._execute = _on_driver if engine.dialect.name == _SQLITE else _on_connection
        self._connection: Connection | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        # Nothing may be queued behind the mark that ends the thread: nobody would answer it.
        self._door = Lock()
        self._closed = False
        self._thread = Thread(target=self._write, name="gate-writer", daemon=True)
        self._thread.start()

    def run(self, work: Callable[[Connection], T]) -> T:
        """Queue `work` and wait until it is durable, or has failed."""
        if current_thread() is self._thread:
            raise RuntimeError("a transaction cannot be begun inside another")
        waiting = _Waiting()
        self._queue(_Job(work, waiting.settle))
        result: T = waiting.wait()
        return result

    def submit(
        self, work: Callable[[Connection], Any], settle: Settle, hand_over: HandOver
    ) -> None:
        """Queue `work` and return; `settle` is told once it is durable, or has failed.

        It is not called here but given to `hand_over`, together with all others of the same commit
        that go the same way, so that an event loop need be woken only once for them.
        """
        self._queue(_Job(work, settle, hand_over))

    def close(self, within: timedelta = NO_HURRY) -> None:
        """Write what is queued, then end the thread; one that does not end in time is left behind.

        Its connection is its own as long as it runs.
        """
        with self._door:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join(within.total_seconds())
        if not self._thread.is_alive():
            self._disconnect()
        self._engine.dispose()

    def _queue(self, job: _Job) -> None:
        with self._door:
            if self._closed:
                raise closed()
            self._jobs.put(job)

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
        except BaseException as error:  # noqa: BLE001 - the callers wait; each must hear of it
            self._disconnect()
            again = was_undone(error)
            outcomes = self._once_more(batch) if again else _all_failed(batch, error)
        _tell(outcomes)

    def _once_more(self, batch: list[_Job]) -> list[_Outcome]:
        """Run a batch again that PostgreSQL has undone for certain."""
        try:
            return self._transaction(batch)
        except BaseException as error:  # noqa: BLE001 - as above
            self._disconnect()
            return _all_failed(batch, error)

    def _transaction(self, batch: list[_Job]) -> list[_Outcome]:
        """Do the work of a batch."""
        connection = self._begun()
        outcomes = _attempt_all(connection, batch)
        if outcomes[-1].failure is None:
            self._end(connection, outcomes)
            return outcomes
        self._execute(connection, "ROLLBACK")
        if len(batch) == 1:
            return outcomes
        # A savepoint costs as much as a statement, so there are none before they are needed.
        self._execute(connection, self._begin)
        outcomes = [self._attempt_apart(connection, job) for job in batch]
        self._end(connection, outcomes)
        return outcomes

    def _begun(self) -> Connection:
        """Begin a transaction; a connection that was cut while nothing happened is replaced."""
        if self._connection is not None:
            try:
                self._execute(self._connection, self._begin)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._disconnect()
            else:
                return self._connection
        self._connection = self._engine.connect()
        self._execute(self._connection, self._begin)
        return self._connection

    def _attempt_apart(self, connection: Connection, job: _Job) -> _Outcome:
        """Do one job of several, so that one that fails is undone alone."""
        self._execute(connection, "SAVEPOINT job")
        outcome = _attempt(connection, job)
        if outcome.failure is not None:
            self._execute(connection, "ROLLBACK TO SAVEPOINT job")
        self._execute(connection, "RELEASE SAVEPOINT job")
        return outcome

    def _end(self, connection: Connection, outcomes: list[_Outcome]) -> None:
        """Commit a batch, and then pass on what it has made due."""
        hints = [hint for outcome in outcomes for hint in outcome.hints]
        ours = self.carrier.store(as_transaction(connection), hints) if hints else ()
        self._execute(connection, "COMMIT")
        if ours:
            self.carrier.pass_on(ours)

    def _disconnect(self) -> None:
        """Throw the connection away, with whatever was not committed on it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _tell(outcomes: list[_Outcome]) -> None:
    """Report to each caller in a batch what became of its work."""
    handed_over: dict[HandOver, list[Callable[[], None]]] = {}
    for it in outcomes:
        if it.job.hand_over is None:
            it.job.settle(it.result, it.failure)
        else:
            call = partial(it.job.settle, it.result, it.failure)
            handed_over.setdefault(it.job.hand_over, []).append(call)
    for hand_over, calls in handed_over.items():
        hand_over(calls)


def _all_failed(batch: list[_Job], error: BaseException) -> list[_Outcome]:
    failure = busy(error) if _is_the_databases(error) else error
    return [_Outcome(job, failure=failure) for job in batch]


def _is_the_databases(error: BaseException) -> bool:
    """Return whether a batch failed by its database: a job's own error never comes this far."""
    return isinstance(error, sqlite3.Error) or is_outage(error)


def _attempt(connection: Connection, job: _Job) -> _Outcome:
    """Do one job; what it raises is its caller's, unless the database itself failed."""
    collect(connection)
    try:
        return _Outcome(job, job.work(connection), hints=collect(connection))
    except BaseException as error:  # an exit, too, must not end this thread
        if is_outage(error):
            raise
        return _Outcome(job, failure=error)


def _attempt_all(connection: Connection, batch: list[_Job]) -> list[_Outcome]:
    """Do the jobs of a batch up to the first that fails."""
    outcomes: list[_Outcome] = []
    for job in batch:
        outcomes.append(_attempt(connection, job))
        if outcomes[-1].failure is not None:
            break
    return outcomes


def _on_driver(connection: Connection, statement: str) -> None:
    """Run a statement on SQLite's own driver.

    Going through SQLAlchemy would cost as much as the statements between a transaction's ends.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute(statement)


def _on_connection(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement)
