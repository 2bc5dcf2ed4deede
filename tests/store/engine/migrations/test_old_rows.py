"""On SQLite, what piles up in five weeks is not looked at again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import insert, text

from gate.domain.model import access
from gate.store.engine.database import Database
from gate.store.engine.due import FRESH
from gate.store.engine.migrations.migrate import migrate
from gate.store.engine.tables.inbox import deliveries as delivery_rows
from gate.store.engine.tables.requests import gate_requests
from gate.store.statistics.holds import read_holds
from gate.store.statistics.scope import Scope
from tests.store.engine.test_indexes import ALL, DAY, QUERIES
from tests.support.builders.defaults import NOW, REPOSITORY, SHA
from tests.support.plans import plan_of
from tests.support.rows import asked

OLD_REQUESTS: Final = 100_000
OLD_DELIVERIES: Final = 200_000
_BATCH: Final = 20_000


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Provide a SQLite file with five weeks of answered requests and read deliveries."""
    path: Path = tmp_path_factory.mktemp("full") / "gate.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    _fill(database, gate_requests, OLD_REQUESTS, _request)
    _fill(database, delivery_rows, OLD_DELIVERIES, _delivery)
    database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
    asked(database)
    yield database
    database.close()


def _fill(
    database: Database, table: Any, count: int, make: Callable[[int], dict[str, object]]
) -> None:
    for start in range(0, count, _BATCH):
        rows = [make(number) for number in range(start, start + _BATCH)]
        database.transact(lambda tx, it=rows: tx.execute(insert(table), it).close())  # type: ignore[misc]


def _request(number: int) -> dict[str, object]:
    at = NOW - timedelta(days=30) + timedelta(seconds=number)
    return {
        "installation_id": 77,
        "repository_id": REPOSITORY + number % 50,
        "run_id": 10_000 + number,
        "run_attempt": 1,
        "environment_key": "production",
        "environment": "production",
        "head_sha": SHA,
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


def _delivery(number: int) -> dict[str, object]:
    at = NOW - timedelta(days=30) + timedelta(seconds=number)
    return {
        "delivery_id": f"d{number}",
        "event": "workflow_run",
        "received_at": at,
        "state": "processed",
        **FRESH,
    }


@pytest.mark.parametrize(
    "name",
    [
        "due requests",
        "due deliveries",
        "oldest unread",
        "to sweep",
        "undecided",
        "standing",
        "wake repository",
        "by key",
    ],
)
def test_five_weeks_of_old_rows_are_not_looked_at(full: Database, name: str) -> None:
    """With everything that was ever answered still there, only what is due or undecided is read."""
    query, index = QUERIES[name]
    plan = plan_of(full, query)
    assert index in plan or "autoindex" in plan
    scans = [line for line in plan.splitlines() if "SCAN" in line and "INDEX" not in line]
    assert [it for it in scans if "gate_requests" in it or "deliveries" in it] == []


@pytest.mark.parametrize("scope", [ALL, Scope(access.Visible(frozenset({REPOSITORY})))])
def test_sqlite_reads_holds_from_their_index_alone(full: Database, scope: Scope) -> None:
    """Whoever reads: the other indexes would have it look up every request."""
    plan = plan_of(full, lambda it: read_holds(it, DAY, scope))
    assert "COVERING INDEX ix_gate_requests_holds" in plan
