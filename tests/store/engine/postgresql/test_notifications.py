"""The connection that hears PostgreSQL's notifications."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from gate.store.engine.database import Database
from gate.store.engine.postgresql.notifications import Waker, listening

_MOST_OF_SELECT = 1024


@pytest.fixture
def dialect() -> str:
    """SQLite notifies nobody."""
    return "postgresql"


@contextmanager
def no_low_descriptors() -> Iterator[None]:
    """Use up every descriptor that `select` would take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * _MOST_OF_SELECT), hard))
    taken = [os.open(os.devnull, os.O_RDONLY)]
    try:
        while taken[-1] < _MOST_OF_SELECT:
            taken.append(os.dup(taken[0]))
        yield
    finally:
        for it in taken:
            os.close(it)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_notification_is_heard_by_a_process_with_many_connections(database: Database) -> None:
    """The server takes thousands, and descriptors are numbered in turn."""
    with (
        no_low_descriptors(),
        closing(Waker()) as waker,
        listening(database.engine, "news") as notifications,
    ):
        assert waker.fileno() > _MOST_OF_SELECT
        database.transact(lambda tx: tx.execute(text("NOTIFY news")).close())
        assert notifications.wait(timedelta(seconds=30), waker)
        waker.wake()
        assert not notifications.wait(timedelta(seconds=30), waker)


def test_it_counts_as_lost_as_soon_as_any_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever listens waits no longer for a server that has vanished."""
    asked: list[dict[str, Any]] = []
    connect = psycopg.connect

    def record(*arguments: Any, **keywords: Any) -> psycopg.Connection:
        asked.append(
            {name: it for name, it in keywords.items() if "time" in name or "keep" in name}
        )
        return connect(*arguments, **keywords)

    monkeypatch.setattr(psycopg, "connect", record)
    database.check_reading()
    with listening(database.engine, "news"):
        pass
    pool, listener = asked
    assert listener == pool
    assert {"connect_timeout", "tcp_user_timeout"} <= listener.keys()
