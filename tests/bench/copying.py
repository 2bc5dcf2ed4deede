"""Measure how long `gate database copy` takes, beside plain copying of the same rows."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from tempfile import TemporaryDirectory

from sqlalchemy import Table, insert

from gate.store.copy.rows import copied_tables, stream_rows, write_rows
from gate.store.engine.database import Database
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.requests import decisions, gate_requests
from tests.support.postgres import PostgresServer, postgres_server

_BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)
_EACH = 5
_BATCH = 10_000
_FACTS = 2_000
"""About what a decision's facts take, compressed."""


@dataclass(frozen=True)
class Copied:
    """Seconds to PostgreSQL, and back to SQLite.

    `floor` is what reading and writing the same rows takes without notes, batches and proof.
    """

    rows: int
    there: float
    back: float
    floor: float

    def each(self, seconds: float) -> float:
        """Return the seconds for each 100,000 rows."""
        return seconds / self.rows * 100_000


def copied_in(requests: int) -> Copied:
    """Copy requests with five decisions each to PostgreSQL and back."""
    rows = requests * (1 + _EACH)
    with TemporaryDirectory(prefix="gate-copy-") as folder, postgres_server() as server:
        source, back = f"sqlite:///{folder}/gate.db", f"sqlite:///{folder}/back.db"
        _fill(source, requests)
        with server.empty_database() as target:
            there, again = _command(source, target), _command(target, back)
        return Copied(rows, there, again, _floor(server, source))


def _command(source: str, target: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "gate", "database", "copy", "--to", target],
        env=os.environ | {"GATE_DATABASE_URL": source},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def _floor(server: PostgresServer, source: str) -> float:
    """Copy the same rows, each table in one go."""
    with server.migrated_database() as target:
        here, there = Database(source), Database(target)
        started = time.perf_counter()

        def copy(table: Table) -> None:
            rows = here.read(lambda snapshot: list(stream_rows(snapshot, table)))
            there.transact(lambda tx: write_rows(tx, table, rows))

        for table in copied_tables():
            copy(table)
        seconds = time.perf_counter() - started
        here.close()
        there.close()
    return seconds


def _fill(url: str, requests: int) -> None:
    database = Database(url)
    migrate(database)
    facts = os.urandom(_FACTS)
    _insert(database, gate_requests, (_request(it) for it in range(1, requests + 1)))
    made = (_decision(it, facts) for it in range(requests * _EACH))
    _insert(database, decisions, made)
    database.close()


def _insert(database: Database, table: Table, rows: Iterable[dict[str, object]]) -> None:
    for batch in _batches(iter(rows)):
        database.transact(lambda tx, it=batch: tx.execute(insert(table), it).close())  # type: ignore[misc]


def _batches(rows: Iterator[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _request(number: int) -> dict[str, object]:
    at = _BEGINNING + timedelta(seconds=number)
    return {
        "id": number,
        "installation_id": 77,
        "repository_id": 1_000 + number % 50,
        "run_id": number,
        "run_attempt": 1,
        "environment_key": "production",
        "environment": "production",
        "head_sha": "a" * 40,
        "state": "approved",
        "round": 1,
        "deployments": "[]",
        "unanswered": "[]",
        "opened_at": at,
        "waiting_since": at,
        "generation": 1,
        "watched": "[]",
        "failures": 0,
        "lease_token": 1,
    }


def _decision(number: int, facts: bytes) -> dict[str, object]:
    return {
        "request_id": 1 + number // _EACH,
        "at": _BEGINNING + timedelta(seconds=number),
        "verdict": "wait",
        "reason": "validation_failed",
        "policy_digest": "d" * 64,
        "engine_version": "1",
        "fingerprint": "f" * 64,
        "decision": facts[:300],
        "facts": facts,
    }
