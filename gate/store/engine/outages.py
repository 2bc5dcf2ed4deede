"""Distinguish a database that is unavailable from a bug of ours."""

from __future__ import annotations

import sqlite3
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gate.errors import RetryLater

_PRIMARY: Final = 0xFF
"""The part of SQLite's extended result codes that says what kind of failure it is."""

_UNUSABLE: Final = frozenset({"25006", "25P03"})
"""A transaction that may only read; one that PostgreSQL has ended because it stood still."""
_LOST_RACES: Final = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: the transaction was rolled back for certain."""
_LOCK_TIMEOUT: Final = "55P03"
_STALE: Final = frozenset({"0A000", "26000"})
"""A cached plan that must not change its result's type; a prepared statement that is not there."""


def is_outage(error: BaseException) -> bool:
    """Return whether an error is the database's state and not the statement's fault.

    Locked, full, read-only, out of reach, no connection to be had. SQLite and psycopg raise their
    OperationalError for more than that.
    """
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or is_stale(error) or _sqlstate(error) in _UNUSABLE:
            return True
        is_mistake = _primary_code(error.orig) == sqlite3.SQLITE_ERROR
        return isinstance(error, OperationalError | InterfaceError) and not is_mistake
    # A bare error of the driver comes from a prepared statement, or from a transaction's ends.
    if isinstance(error, sqlite3.OperationalError):
        return _primary_code(error) != sqlite3.SQLITE_ERROR
    if isinstance(error, psycopg.Error):
        is_unusable = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        return is_unusable or is_stale(error) or error.sqlstate in _UNUSABLE
    return isinstance(error, PoolTimeout)


def lost_a_race(error: BaseException | None) -> bool:
    """Return whether PostgreSQL undid a transaction for the sake of another, so a rerun is safe."""
    return _sqlstate(error) in _LOST_RACES


def was_undone(error: BaseException | None) -> bool:
    """Return whether PostgreSQL did nothing for certain, and would do it if asked once more."""
    return lost_a_race(error) or is_stale(error)


def waited_too_long(error: BaseException | None) -> bool:
    """Return whether PostgreSQL gave up waiting for a lock, as it had been told to."""
    return _sqlstate(error) == _LOCK_TIMEOUT


def is_stale(error: BaseException | None) -> bool:
    """Return whether a connection's prepared statements are of no use any more.

    A migration has changed what they return, or a pooler has given us another session.
    """
    return _sqlstate(error) in _STALE


def busy(error: BaseException) -> RetryLater:
    """Return on one line what the database said, without statements and parameters."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return RetryLater("database_busy", " ".join(str(said).split()))


def closed() -> RetryLater:
    """Return the error of a database that is closed."""
    return RetryLater("database_busy", "the database is closed")


def _primary_code(error: BaseException | None) -> int | None:
    """Return what kind of failure SQLite reports; None for an error that is not SQLite's."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _sqlstate(error: BaseException | None) -> str | None:
    own = error.orig if isinstance(error, DBAPIError) else error
    state: str | None = getattr(own, "sqlstate", None)
    return state
