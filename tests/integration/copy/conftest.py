"""A database to copy, a place to copy it to, and the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert

from gate.cli import gate as command
from gate.domain.model.ids import RunId
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Database, Transaction
from gate.store.engine.tables.requests import gate_requests
from tests.support.builders.defaults import NOW, REPOSITORY, SHA
from tests.support.chains import make_entry
from tests.support.postgres import PostgresServer
from tests.support.sqlite import lay_out_schema

ENTRIES: Final = 4
Run = Callable[..., Result]


@pytest.fixture
def source_url(tmp_path: Path) -> str:
    """Provide the URL of a SQLite file with a short trail."""
    url = f"sqlite:///{tmp_path}/gate.db"
    lay_out_schema(url)
    database = Database(url)
    # The first entry of a chain follows one that begins it.
    for number in range(ENTRIES - 1):
        entry = make_entry(run_id=RunId(600 + number))
        database.transact(lambda tx, it=entry: record_audit(tx, it))  # type: ignore[misc]
    database.close()
    return url


@pytest.fixture
def target_url(server: PostgresServer) -> Iterator[str]:
    """Provide the URL of a PostgreSQL database without tables."""
    with server.empty_database() as url:
        yield url


@pytest.fixture
def copy(source_url: str) -> Run:
    """Run `gate database copy` in this process."""

    def run(target: str, *options: str, source: str = source_url) -> Result:
        runner = CliRunner(env={"GATE_DATABASE_URL": source})
        return runner.invoke(command, ["database", "copy", "--to", target, *options])

    return run


def add_requests(url: str, number: int, *, padding: int = 0) -> None:
    """Store so many answered requests."""
    rows = [
        {
            "installation_id": 77,
            "repository_id": REPOSITORY,
            "run_id": 10_000 + it,
            "run_attempt": 1,
            "environment_key": "production",
            "environment": "production" + "!" * padding,
            "head_sha": SHA,
            "state": "approved",
            "round": 1,
            "deployments": "[]",
            "unanswered": "[]",
            "opened_at": NOW + timedelta(seconds=it),
            "waiting_since": NOW,
            "generation": 1,
            "watched": "[]",
            "failures": 0,
            "lease_token": 1,
        }
        for it in range(number)
    ]

    def work(tx: Transaction) -> None:
        tx.execute(insert(gate_requests), rows).close()

    database = Database(url)
    database.transact(work)
    database.close()
