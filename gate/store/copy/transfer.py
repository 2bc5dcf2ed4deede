"""Open both ends of a copy, and take the steps of it one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from gate.domain.audit.verify import Broken, Intact, Trusts
from gate.errors import ConfigError, RetryLater
from gate.store.audit.restoring import read_mark, write_mark
from gate.store.audit.trail import check_trail
from gate.store.copy import copying, progress
from gate.store.copy.copying import Comparison, Tell
from gate.store.copy.ends import (
    check_nobody_there,
    check_schema,
    check_target,
    describe_source,
    holds_finished_copy,
    name_of,
    quiet_source,
)
from gate.store.copy.progress import Progress, Source
from gate.store.copy.rows import copied_tables, count_rows
from gate.store.engine.database import Database, Snapshot, Transaction
from gate.store.engine.migrations.compatibility import Standing
from gate.store.engine.migrations.migrate import migrate, read_schema

FROM: Final = "GATE_DATABASE_URL"
TO: Final = "--to"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be copied: rows by table, and how many of them an earlier try has copied.

    `is_done` says that an earlier try has finished, and nothing has happened at either end since.
    """

    source: str
    target: str
    rows: dict[str, int]
    copied: dict[str, int]
    is_done: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """A copy whose ends are checked and locked."""

    plan: Plan
    _source: Source
    _snapshot: Snapshot
    _target: Database
    _found: Progress | None

    def copy(self, tell: Tell) -> None:
        """Copy what is missing; raises GateError when that stops half-way."""
        copying.copy_rows(self._snapshot, self._source, self._target, self._found, tell)

    def compare(self, tell: Tell) -> list[Comparison]:
        """Compare all rows at both ends."""
        return copying.compare_tables(self._snapshot, self._target, tell)

    def check_chains(self, trusts: Trusts) -> list[Intact | Broken]:
        """Check the audit trail in the target."""
        return self._target.read(lambda copied: list(check_trail(copied, trusts)))

    def finish(self) -> None:
        """Let services start on the target; a copy of a backup is still one that was restored."""
        backup_at = read_mark(self._snapshot)

        def work(tx: Transaction) -> None:
            if backup_at is not None:
                write_mark(tx, backup_at)
            progress.finish(tx)

        self._target.transact(work)


@contextmanager
def opened_transfer(from_url: str, to_url: str) -> Iterator[Transfer]:
    """Lock both ends, prepare the schema of an empty target, and check what is in it.

    There is nothing to do where the plan says that it is done. Raises ConfigError with what to do
    about an end that cannot be used.
    """
    with _opened_source(from_url) as (snapshot, source), _opened(to_url, TO) as there:
        with _named(TO):
            if read_schema(there).standing is Standing.EMPTY:
                migrate(there)
            check_schema(there, TO)
            check_nobody_there(there, TO)
            is_done = holds_finished_copy(there, snapshot)
            found = None if is_done else check_target(there, source)
        plan = _plan(snapshot, source, to_url, found, is_done=is_done)
        yield Transfer(plan, source, snapshot, there, found)


def dry_run(from_url: str, to_url: str) -> Plan:
    """Check both ends as `opened_transfer` does, and write nothing."""
    with _opened_source(from_url) as (snapshot, source):
        found, is_done = None, False
        if not _is_missing_file(to_url):
            with _opened(to_url, TO) as there, _named(TO):
                if read_schema(there).standing is not Standing.EMPTY:
                    check_schema(there, TO)
                    check_nobody_there(there, TO)
                    is_done = holds_finished_copy(there, snapshot)
                    found = None if is_done else check_target(there, source)
        return _plan(snapshot, source, to_url, found, is_done=is_done)


def _plan(
    snapshot: Snapshot, source: Source, to_url: str, found: Progress | None, *, is_done: bool
) -> Plan:
    positions = {} if found is None else found.positions
    rows = {it.name: count_rows(snapshot, it) for it in copied_tables()}
    copied = {it: positions[it].copied if it in positions else 0 for it in rows}
    return Plan(source.name, name_of(to_url), rows, rows if is_done else copied, is_done)


@contextmanager
def _opened_source(url: str) -> Iterator[tuple[Snapshot, Source]]:
    if _is_missing_file(url):
        raise ConfigError((f"{FROM}: the file {make_url(url).database} does not exist",))
    with ExitStack() as stack:
        with _named(FROM):
            database = stack.enter_context(_opened(url, FROM))
            check_schema(database, FROM)
            check_nobody_there(database, FROM)
            snapshot = stack.enter_context(quiet_source(database))
        yield snapshot, describe_source(snapshot, url)


@contextmanager
def _opened(url: str, name: str) -> Iterator[Database]:
    with _named(name):
        database = Database(url, exclusive=True)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Let a problem say which end it is about."""
    try:
        yield
    except RetryLater as error:
        raise ConfigError((f"{name}: {error.detail or error.reason}",)) from error
    except ConfigError as error:
        problems = (it.replace(f"{FROM}:", f"{name}:", 1) for it in error.problems)
        raise ConfigError(tuple(problems)) from error


def _is_missing_file(url: str) -> bool:
    parts = make_url(url)
    return parts.get_backend_name() == "sqlite" and not Path(parts.database or "").is_file()
