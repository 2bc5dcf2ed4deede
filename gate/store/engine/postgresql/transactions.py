"""Run transactions on PostgreSQL, begun and ended on the driver's own connection.

Statements are prepared by the server (`gate.store.engine.statements.prepared`), which costs it a
fraction of parsing and planning them each time. A pooler may give each transaction another session,
which knows no statement of ours, so behind a pooler nothing is prepared.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from gate.store.engine.outages import busy, is_outage, is_stale

T = TypeVar("T")

WRITING: Final = "BEGIN"
READING: Final = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    " SET LOCAL idle_in_transaction_session_timeout = 0"
)
"""A read of several statements sees one state, and holds up nobody who writes.

So it may stand still: the reader of `gate audit export | less` turns its pages when they like.
"""

_POOL: Final = 16
_WAIT_SECONDS: Final = 5.0
_PREPARE_AFTER: Final = 5
"""Times that a statement runs before it is prepared, if it is not one of `Prepared`."""

_MOST_PREPARED: Final = 500
_IDLE_SECONDS: Final = 30.0
"""How long a connection may be idle before it is asked whether it still works."""

_IDLE_SINCE: Final = "gate.idle_since"
_OUT_OF_DATE: Final = "gate.out_of_date"

# A process that stands still while it writes, or that no packet reaches, would keep its locks, and
# every other node waits for those; ours ask at once.
_STANDS_STILL: Final = "SET idle_in_transaction_session_timeout = '10s'"

LOST_CONNECTIONS: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""When a connection counts as lost whose other end has vanished without a word, as in a failover.
By the defaults of most systems a thread would wait for hours."""


def connect(url: str) -> Engine:
    """Make an engine that leaves beginning and ending transactions to whoever uses it."""
    engine = create_engine(
        url,
        pool_size=_POOL,
        max_overflow=_POOL,
        pool_timeout=_WAIT_SECONDS,
        # What has just come back out of date is met, and replaced, by whoever tries again.
        pool_use_lifo=True,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args=LOST_CONNECTIONS,
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", _check_alive)
    return engine


def transact(engine: Engine, begin: str, work: Callable[[Connection], T]) -> T:
    """Run work between `begin` and a commit, and undo it when it fails.

    Raises RetryLater("database_busy") when the database cannot be used.
    """
    try:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            try:
                # Several statements cannot be prepared as one.
                driver.execute(begin, prepare=False)
                result = work(connection)
                driver.commit()
            except BaseException as error:
                _undo(connection, driver, error)
                raise
            return result
    except Exception as error:
        if is_outage(error):
            raise busy(error) from error
        raise


def _undo(connection: Connection, driver: Any, error: BaseException) -> None:  # noqa: ANN401 - the driver's own
    """Roll back; a connection that cannot is closed."""
    if driver.closed:
        connection.invalidate()
        return
    if is_stale(error):
        connection.info[_OUT_OF_DATE] = True
    try:
        driver.rollback()
    except Exception:  # noqa: BLE001  # the work's own error is what the caller wants
        connection.invalidate()


def _configure(driver: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    # What answers is not what was connected to: a pooler is between them.
    answering = driver.execute("SELECT pg_backend_pid()").fetchone()[0]
    is_pooled = answering != driver.info.backend_pid
    driver.prepare_threshold = None if is_pooled else _PREPARE_AFTER
    driver.prepared_max = _MOST_PREPARED
    if not is_pooled:
        driver.execute(_STANDS_STILL)


def _note_idle(_driver: object, record: ConnectionPoolEntry) -> None:
    record.info[_IDLE_SINCE] = monotonic()


def _check_alive(driver: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401 - the driver's own
    """Replace a connection that the server has closed.

    Nothing is sent as long as nothing has arrived on an idle connection: a closed one has its end
    to be read. One that was idle for long is asked, since what is between may have forgotten it.
    Where statements of one are out of date, those of all are.
    """
    if record.info.get(_OUT_OF_DATE):
        raise InvalidatePoolError
    idle = monotonic() - record.info.get(_IDLE_SINCE, monotonic())
    try:
        if idle > _IDLE_SECONDS or _has_arrived(driver.fileno()):
            driver.execute("SELECT 1")
    except Exception as error:
        raise DisconnectionError from error


def _has_arrived(descriptor: int) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(0))
