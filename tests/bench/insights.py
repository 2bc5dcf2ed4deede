"""Measure the insights at their worst: all that is on record happened within the period.

Requests are kept for five weeks, so a hundred thousand of them are a month's, and here all of them
were held. Two hundred repositories have run their validation twice a day, and every twelfth report
tells of trouble.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, text
from structlog.testing import capture_logs

from gate.domain.model.reports import FlowStatus
from gate.store.engine.codec import encode
from gate.store.engine.database import Transaction
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.tables.github import repositories, runs
from gate.store.engine.tables.incidents import incident_events, incidents
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.tables.requests import decisions, gate_requests
from tests.bench.old_rows import bench_database
from tests.support.alert_receiver import running_receiver
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.harness import REPOSITORY, Gate, running_gate

_ROUNDS: Final = 15
_PERIODS: Final = ("7d", "30d", "90d")
_REPOSITORIES: Final = 200
_RUNS: Final = 10_000
_FLOWS: Final = 20
_RELEASES: Final = 1_000
_FIRST: Final = 1_000_000
"""Above every id that the story itself has."""

_WEEKS: Final = timedelta(days=34)
_YEAR: Final = timedelta(days=365)


def insights_in(dialect: str, requests: int, scale: int) -> Iterator[tuple[str, float]]:
    """Yield each period with its median milliseconds on `sqlite` or `postgresql`."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        bench_database(dialect) as url,
        capture_logs(),
        running_receiver() as receiver,
        running_gate(url, alerts_to=receiver.url, has_true_record=False) as gate,
    ):
        gate.validate(REPOSITORY, "failure")
        gate.github.deploy(REPOSITORY)
        gate.settle()
        now = gate.service.deps.clock()
        gate.service.database.transact(lambda tx: _fill(tx, now, requests, scale))
        if dialect == "postgresql":
            _vacuum(gate)
        for period in _PERIODS:
            yield period, _measure(gate, f"/insights?period={period}")


def _vacuum(gate: Gate) -> None:
    """Do what PostgreSQL does by itself soon after so many rows."""
    with gate.service.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))


def _measure(gate: Gate, path: str) -> float:
    """Ask for the page until its statements are compiled and its charts drawn, then time it."""
    client = gate.client()
    took = []
    for _ in range(_ROUNDS + 3):
        started = time.perf_counter()
        answer = client.get(path, headers={"Accept": "text/html"})
        took.append(time.perf_counter() - started)
        if answer.status_code != 200:
            msg = f"{path}: {answer.status}"
            raise ValueError(msg)
    return statistics.median(took[3:]) * 1000


def _fill(tx: Transaction, now: datetime, requests: int, scale: int) -> None:
    """Multiply what the story left behind: one held request, its decision, and its incident."""
    of = {table: dict(tx.execute(select(table)).mappings().first() or {}) for table in _MODELS}
    places = range(_REPOSITORIES)
    _add(
        tx,
        repositories,
        (
            of[repositories] | {"repository_id": _FIRST + it, "full_name": f"octo-org/service-{it}"}
            for it in places
        ),
    )
    _add(tx, decisions, (of[decisions] | {"id": _FIRST + it} for it in places))
    _add(tx, gate_requests, _requests(of[gate_requests], now, requests))
    _add_incidents(tx, of, now, 1_000 // scale)
    _add(tx, runs, _runs(of[runs], now, _RUNS // scale))
    _add(tx, validation_reports, _reports(now, _RUNS // scale))
    _add(tx, audit_entries, _releases(of[audit_entries], now, _RELEASES // scale))


_MODELS: Final = (repositories, decisions, gate_requests, runs, incidents, audit_entries)


def _add(tx: Transaction, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    tx.execute(insert(table), list(rows)).close()


def _requests(model: dict[str, Any], now: datetime, count: int) -> Iterator[dict[str, Any]]:
    """Make requests that waited up to six hours; the newest of each repository still waits."""
    for it in range(count):
        at = now - it * _WEEKS / count
        is_newest = it < _REPOSITORIES
        yield model | {
            "id": _FIRST + count - it,
            "repository_id": _FIRST + it % _REPOSITORIES,
            "run_id": _FIRST + it,
            "decision_id": _FIRST + it % _REPOSITORIES,
            "state": "waiting" if is_newest else "approved",
            "opened_at": at,
            "waiting_since": at,
            "ended_at": None if is_newest else at + timedelta(seconds=it * 7_919 % 21_600),
            "was_held": True,
            "due_at": None,
        }


def _add_incidents(
    tx: Transaction, of: dict[Any, dict[str, Any]], now: datetime, count: int
) -> None:
    """Copy the story's incident, spread over a year, with its events."""
    model = of[incidents]
    events = [dict(it) for it in tx.execute(select(incident_events)).mappings()]
    copies = range(count)
    _add(
        tx,
        incidents,
        (
            model
            | {
                "id": _FIRST + it,
                "repository_id": _FIRST + it % _REPOSITORIES,
                "opened_at": now - it * _YEAR / count,
                "resolved_at": now - it * _YEAR / count + timedelta(hours=3),
            }
            for it in copies
        ),
    )
    _add(
        tx,
        incident_events,
        (event | {"incident_id": _FIRST + it} for it in copies for event in events),
    )


def _runs(model: dict[str, Any], now: datetime, count: int) -> Iterator[dict[str, Any]]:
    for it in range(count):
        yield model | {
            "repository_id": _FIRST + it % _REPOSITORIES,
            "head_repository_id": _FIRST + it % _REPOSITORIES,
            "run_id": 2 * _FIRST + it,
            "conclusion": "failure" if it % 12 == 0 else "success",
            "started_at": now - it * _WEEKS / count,
        }


def _reports(now: datetime, count: int) -> Iterator[dict[str, Any]]:
    steady = [make_flow(f"flow-{it}.yml") for it in range(_FLOWS)]
    failed = make_flow("flow-3.yml", FlowStatus.FAILED, error="Element not visible. " * 10)
    shaky = make_flow("flow-4.yml", FlowStatus.FLAKY)
    values = {
        True: encode(make_validation_report(*steady[:3], failed, shaky, *steady[5:])),
        False: encode(make_validation_report(*steady)),
    }
    for it in range(count):
        has_trouble = it % 12 == 0
        yield {
            "repository_id": _FIRST + it % _REPOSITORIES,
            "run_id": 2 * _FIRST + it,
            "run_attempt": 1,
            "installation_id": 1,
            "digest": "",
            "seen_at": now - it * _WEEKS / count,
            "has_trouble": has_trouble,
            "value": values[has_trouble],
        }


def _releases(model: dict[str, Any], now: datetime, count: int) -> Iterator[dict[str, Any]]:
    for it in range(count):
        yield model | {
            "id": _FIRST + it,
            "sequence": _FIRST + it,
            "at": now - it * _WEEKS / count,
            "repository_id": _FIRST + it % _REPOSITORIES,
            "run_id": _FIRST + it,
            "run_attempt": 1,
            "environment": "production-frontend",
            "kind": "override.recorded" if it % 5 else "bypass.detected",
            "actor": f"mona-{it % 40}",
        }
