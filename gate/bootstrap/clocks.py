"""Choose the clock that a process goes by: its own, or one that all nodes share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from gate.clock import Clock, Reading, SharedClock, Uptime, read_other_clock
from gate.errors import ConfigError, RetryLater
from gate.store.engine.database import Database, Snapshot

ServerTime = Callable[[Snapshot], datetime]
"""Read the present time by the database's clock."""


@dataclass(frozen=True, slots=True)
class Times:
    """The clock to go by, and `measure`, which must be called regularly to keep it right.

    `has_jumped` tells whether the machine may have been paused unnoticed since the last reading.
    """

    clock: Clock
    measure: Callable[[], timedelta] = timedelta
    has_jumped: Callable[[], bool] = bool


def choose_clock(database: Database, own: Clock, server_time: ServerTime, uptime: Uptime) -> Times:
    """Choose the database's clock on PostgreSQL, where there are several nodes, or else our own.

    Raises ConfigError when the database cannot be read.
    """
    if database.dialect == "sqlite":
        return Times(own)

    def read(snapshot: Snapshot) -> Reading:
        return read_other_clock(partial(server_time, snapshot), uptime)

    try:
        shared = SharedClock(lambda: database.read(read), uptime, own)
    except RetryLater as error:
        raise ConfigError((f"GATE_DATABASE_URL: {error.detail or error.reason}",)) from error
    return Times(shared, shared.measure, shared.has_jumped)
