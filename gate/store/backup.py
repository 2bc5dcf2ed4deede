"""Back up a SQLite file while a service writes to it, and prove that the backup can be restored.

SQLite's own backup API copies the pages of one state of the file; no writer waits. The backup is
made beside its final name and gets that name only once it has been checked, so that a file of this
name is always a whole backup.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import NullPool, create_engine

from gate.domain.audit.verify import Broken, Intact, Trusts
from gate.errors import GateError
from gate.store.audit.restoring import mark_backup
from gate.store.audit.trail import check_trail
from gate.store.engine.database import Snapshot
from gate.store.engine.disks import OWNER_ONLY

_PAGES: Final = 1_000
"""Pages copied between two reports of how far it has come: about 4 MB."""
_BUSY_SECONDS: Final = 30.0

Tell = Callable[[int, int], None]
"""Called with how many pages are copied, of how many."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its size in bytes, and what was found about the trail in it."""

    file: Path
    size: int
    chains: list[Intact | Broken]


def back_up(source: Path, target: Path, now: datetime, trusts: Trusts, tell: Tell) -> Backup:
    """Write a backup of one state of the file `source` to `target`, which must not exist.

    Raises GateError("backup_failed") when it cannot be written or is damaged; nothing is left then.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        _copy_pages(source, partial, tell)
        _finish_file(partial, now)
        chains = _check(partial, trusts)
        # Unlike a rename this never replaces a file.
        os.link(partial, target)
        _sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise GateError("backup_failed", f"{target}: {_words(error)}") from error
    finally:
        partial.unlink(missing_ok=True)
    return Backup(target, target.stat().st_size, chains)


def _copy_pages(source: Path, partial: Path, tell: Tell) -> None:
    with (
        closing(_connect(f"{source.as_uri()}?mode=rw")) as here,
        closing(_connect(partial.as_uri())) as there,
    ):
        # A transaction of our own, so that the copy is of one state and never begins again,
        # however much is written meanwhile.
        here.execute("BEGIN")
        here.execute("SELECT count(*) FROM sqlite_master").fetchone()
        here.backup(there, pages=_PAGES, progress=lambda _, left, total: tell(total - left, total))


def _finish_file(partial: Path, now: datetime) -> None:
    """Mark the backup, and make it a file that needs no other beside it."""
    with closing(_connect(partial.as_uri())) as there:
        there.execute("PRAGMA journal_mode=DELETE").fetchone()
        there.execute("PRAGMA synchronous=FULL")
        mark_backup(there, now)


def _check(partial: Path, trusts: Trusts) -> list[Intact | Broken]:
    with _snapshot(partial) as snapshot:
        (answer,) = snapshot.exec_driver_sql("PRAGMA integrity_check(1)").one()
        if answer != "ok":
            raise sqlite3.DatabaseError(answer)
        return list(check_trail(snapshot, trusts))


@contextmanager
def _snapshot(file: Path) -> Iterator[Snapshot]:
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        yield Snapshot(connection)


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)


def _sync_folder(folder: Path) -> None:
    """Make the new name as durable as the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _words(error: Exception) -> str:
    return str(error.strerror if isinstance(error, OSError) else error)
