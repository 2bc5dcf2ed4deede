"""Read how a database is kept and reached, beside what is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import URL, make_url

from gate.store.engine.database import Snapshot


def tool_address(url: str) -> str:
    """Return the address of a PostgreSQL database for its own tools, without the password."""
    parts = make_url(url)
    named = URL.create(
        "postgresql",
        username=parts.username,
        host=parts.host,
        port=parts.port,
        database=parts.database,
        query=parts.query,
    )
    return named.render_as_string()


def journal_mode(snapshot: Snapshot) -> str:
    """Return which kind of journal a file of SQLite keeps; the gate sets `wal`."""
    return str(snapshot.scalar(text("PRAGMA journal_mode")))


def server_time(snapshot: Snapshot) -> datetime:
    """Return the present time by the clock of a PostgreSQL server."""
    told: datetime = snapshot.execute(select(func.clock_timestamp())).scalar_one()
    return told


def is_pooled(snapshot: Snapshot) -> bool:
    """Return whether a pooler stands between us and PostgreSQL: then another process answers."""
    driver: Any = snapshot.connection.driver_connection
    answering = snapshot.scalar(text("SELECT pg_backend_pid()"))
    return bool(driver.info.backend_pid != answering)
