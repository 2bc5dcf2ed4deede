"""Measure how long the pages take beside years of records, on either database.

A real story is played once and multiplied in the database: 200 repositories, requests with five
decisions each, incidents with their events and alerts. Pages are asked of the application itself,
in one process, so that the figures are the server's.
"""

from __future__ import annotations

import gzip
import logging
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs

from gate.store.engine.database import Transaction
from gate.store.engine.tables.base import metadata
from tests.bench.old_rows import bench_database
from tests.support.alert_receiver import running_receiver
from tests.support.harness import REPOSITORY, Gate, running_gate

_ROUNDS: Final = 15
_REPOSITORIES: Final = 200
_DECISIONS: Final = 5
_VALIDATIONS: Final = 50
_YEAR: Final = 365 * 24 * 3_600 * 1_000_000
_FIRST: Final = 1_000_000
"""Above every id that the story itself has."""

_NUMBERS: Final = """
    WITH RECURSIVE numbers(n) AS (
        SELECT CAST(0 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - 1
    )
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A page: its median time, and its size on the wire."""

    name: str
    milliseconds: float
    kilobytes: float


def pages_in(dialect: str, requests: int, incidents: int) -> Iterator[Served]:
    """Measure every page on `sqlite` or `postgresql` with so many rows, and `requests` times 5."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        bench_database(dialect) as url,
        capture_logs(),
        running_receiver() as receiver,
        running_gate(url, alerts_to=receiver.url, has_true_record=False) as gate,
    ):
        held = _play(gate)
        gate.service.database.transact(lambda tx: _multiply(tx, requests, incidents))
        gate.service.database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
        client = gate.client()
        for name, path in _paths(held).items():
            yield _measure(client, name, path)


def _play(gate: Gate) -> int:
    """Play a failure that holds a deployment; return the request's number."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return gate.record(run_id).id


def _paths(held: int) -> dict[str, str]:
    return {
        "board": "/",
        "board, filtered": "/?state=held",
        "deployment": f"/requests/{held}",
        "old deployment": f"/requests/{_FIRST + 7}",
        "picture of a deployment": f"/requests/{held}.svg",
        "incidents": "/incidents",
        "incident": "/incidents/1",
        "history": "/history",
        "history, filtered": f"/history?repository={REPOSITORY}&verdict=wait",
        "insights, 90 days": "/insights?period=90d",
        "repository": f"/repositories/{REPOSITORY}",
        "status": "/status",
    }


def _measure(client: FlaskClient, name: str, path: str) -> Served:
    """Ask for a page until its statements are compiled, then time it."""
    took = []
    body = b""
    for number in range(_ROUNDS + 3):
        started = time.perf_counter()
        answer = client.get(path, headers={"Accept": "text/html"})
        elapsed = time.perf_counter() - started
        if answer.status_code != 200:
            msg = f"{path}: {answer.status}"
            raise ValueError(msg)
        body = answer.data
        if number >= 3:
            took.append(elapsed * 1000)
    return Served(name, statistics.median(took), len(gzip.compress(body)) / 1024)


def _multiply(tx: Transaction, requests: int, incidents: int) -> None:
    """Copy the story's rows, spread over a year and over all repositories."""
    repository = f"{_FIRST} + n % {_REPOSITORIES}"
    runs = _REPOSITORIES * _VALIDATIONS
    _copy(
        tx,
        "repositories",
        "repository_id = (SELECT min(repository_id) FROM repositories)",
        _REPOSITORIES,
        {"repository_id": f"{_FIRST} + n", "full_name": "'octo-org/service-' || n"},
    )
    _copy(
        tx,
        "runs",
        "run_id = (SELECT min(run_id) FROM runs)",
        runs,
        {
            "repository_id": repository,
            "head_repository_id": repository,
            "run_id": f"{_FIRST} + n",
        }
        | _spread("started_at", runs),
    )
    for beside in ("", "misnamed:"):
        _copy(
            tx,
            "policy_documents",
            f"source LIKE '{beside}repository:%'",
            _REPOSITORIES,
            {"source": f"'{beside}repository:' || ({_FIRST} + n)"},
        )
    _copy(
        tx,
        "gate_requests",
        "id = (SELECT max(id) FROM gate_requests WHERE state = 'approved')",
        requests,
        {
            "id": f"{_FIRST} + n",
            "repository_id": repository,
            "run_id": f"{10 * _FIRST} + n",
            "decision_id": f"{_FIRST} + n * {_DECISIONS}",
            # One of each repository waits.
            "state": f"CASE WHEN n < {_REPOSITORIES} THEN 'waiting' ELSE state END",
            "verdict": f"CASE WHEN n < {_REPOSITORIES} THEN 'wait' ELSE verdict END",
            "due_at": "NULL",
        }
        | _spread("opened_at", requests)
        | _spread("waiting_since", requests)
        | _spread("answered_at", requests),
    )
    _copy(
        tx,
        "decisions",
        "id = (SELECT max(id) FROM decisions)",
        requests * _DECISIONS,
        {"id": f"{_FIRST} + n", "request_id": f"{_FIRST} + n / {_DECISIONS}"}
        | _spread("at", requests * _DECISIONS),
    )
    _copy(
        tx,
        "audit_entries",
        "id = (SELECT max(id) FROM audit_entries WHERE kind = 'decision.made')",
        requests * _DECISIONS,
        {
            "id": f"{_FIRST} + n",
            "sequence": f"{_FIRST} + n",
            "repository_id": f"{_FIRST} + (n / {_DECISIONS}) % {_REPOSITORIES}",
            "run_id": f"{10 * _FIRST} + n / {_DECISIONS}",
        }
        | _spread("at", requests * _DECISIONS),
    )
    _copy(
        tx,
        "incidents",
        "id = 1",
        incidents,
        {
            "id": f"{_FIRST} + n",
            "repository_id": repository,
            # The newest are open.
            "resolved_at": f"CASE WHEN n < 20 THEN NULL ELSE {_back('opened_at', incidents)} END",
        }
        | _spread("opened_at", incidents),
    )
    for position in range(3):
        _copy(
            tx,
            "incident_events",
            f"incident_id = 1 AND position = {position}",
            incidents,
            {"incident_id": f"{_FIRST} + n"},
        )
    _copy(
        tx,
        "alerts",
        "alert_key = (SELECT min(alert_key) FROM alerts)",
        incidents,
        {
            "alert_key": "alert_key || n",
            "incident": f"CAST({_FIRST} + n AS TEXT)",
            "repository_id": repository,
            "due_at": "NULL",
        }
        | _spread("planned_at", incidents),
    )


def _spread(column: str, count: int) -> dict[str, str]:
    """Go back in time evenly, the first row being the newest."""
    return {column: _back(column, count)}


def _back(column: str, count: int) -> str:
    return f"{column} - n * {_YEAR // count}"


def _copy(
    tx: Transaction, table: str, template: str, count: int, changes: Mapping[str, str]
) -> None:
    """Insert `count` copies of one row, changed by expressions over its columns and `n`."""
    columns = [column.name for column in metadata.tables[table].columns]
    values = ", ".join(changes.get(name, name) for name in columns)
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)})"  # noqa: S608 - names of our own tables
        f" {_NUMBERS.format(count=count)} SELECT {values}"
        f" FROM numbers, (SELECT * FROM {table} WHERE {template} LIMIT 1) AS template"
    )
    tx.execute(text(statement)).close()
