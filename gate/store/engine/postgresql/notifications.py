"""Listen for PostgreSQL's notifications on a connection of their own."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine

from gate.store.engine.outages import busy
from gate.store.engine.postgresql.transactions import LOST_CONNECTIONS

_MILLISECOND: Final = timedelta(milliseconds=1)


class Waker:
    """Ends a wait for notifications from another thread."""

    def __init__(self) -> None:
        """Open the pipe through which it wakes."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """Return what a wait waits for."""
        return self._read

    def wake(self) -> None:
        """End the wait that is under way, or the next one."""
        # A pipe that is full wakes all the same.
        with suppress(BlockingIOError):
            os.write(self._write, b"x")

    def clear(self) -> None:
        """Forget that it woke."""
        with suppress(BlockingIOError):
            while os.read(self._read, 1024):
                pass

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._read)
        os.close(self._write)


class Notifications:
    """Notifications of one channel, from the moment it was opened."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver's own connection
        """Read what comes on a connection that listens."""
        self._connection = connection

    def wait(self, longest: timedelta, waker: Waker) -> bool:
        """Wait until there was a notification, the waker, or the time is over; forget them all.

        Return whether there was a notification. Raises RetryLater when the connection is cut.
        """
        # select() takes no descriptor above 1023, and a server has thousands of connections.
        waiting = select.poll()
        waiting.register(self._connection, select.POLLIN)
        waiting.register(waker, select.POLLIN)
        waiting.poll(longest / _MILLISECOND)
        waker.clear()
        try:
            return bool([*self._connection.notifies(timeout=0)])
        except self._connection.Error as error:
            raise busy(error) from error


@contextmanager
def listening(engine: Engine, channel: str) -> Iterator[Notifications]:
    """Listen on a channel; raises RetryLater when the database cannot be reached.

    The connection is not one of the pool: a transaction never meets what it hears.
    """
    driver: Any = engine.dialect.import_dbapi()
    arguments, keywords = engine.dialect.create_connect_args(engine.url)
    try:
        connection = driver.connect(
            *arguments, **{**LOST_CONNECTIONS, **keywords, "autocommit": True}
        )
    except driver.Error as error:
        raise busy(error) from error
    with connection:
        try:
            connection.execute(f'LISTEN "{channel}"')
        except driver.Error as error:
            raise busy(error) from error
        yield Notifications(connection)
