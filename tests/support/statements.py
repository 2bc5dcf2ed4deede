"""Record the statements that SQLite is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection
from typing import Final

from sqlalchemy import Pool, event

_VALUE: Final = re.compile(r"'(?:[^']|'')*'|\b\d+\b")


@contextmanager
def recorded_statements() -> Iterator[list[str]]:
    """Yield a list that gets each statement, without its values, while the context lasts.

    The driver itself tells them: some go past SQLAlchemy.
    """
    statements: list[str] = []

    def record(statement: str) -> None:
        statements.append(_VALUE.sub("?", statement))

    def begin(connection: Connection, *_: object) -> None:
        connection.set_trace_callback(record)

    def end(connection: Connection | None, *_: object) -> None:
        if connection is not None:
            connection.set_trace_callback(None)

    event.listen(Pool, "checkout", begin)
    event.listen(Pool, "checkin", end)
    try:
        yield statements
    finally:
        event.remove(Pool, "checkout", begin)
        event.remove(Pool, "checkin", end)
