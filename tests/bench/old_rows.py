"""Measure a pass, and what runs all the time, beside five weeks of rows that nobody needs.

Everything is timed on an empty database first and on the same one when it is crowded, in one
process and without a call to GitHub, so that the ratio tells what the old rows cost.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import text
from structlog.testing import capture_logs

from gate.domain.model.ids import DeliveryId, RequestId
from gate.reconciler.requests.reconcile import finish_pass, take_up
from gate.store.github.repositories import look_candidates
from gate.store.inbox import deliveries as inbox
from gate.store.inbox.deliveries import NewDelivery
from gate.store.requests import requests, waking
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate
from tests.support.postgres import postgres_server

_ROUNDS: Final = 300
_KEPT_SECONDS: Final = 35 * 24 * 3_600

_NUMBERS: Final = """
    WITH RECURSIVE numbers(n) AS (
        SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :count
    )
"""
_DELIVERIES: Final = """
    INSERT INTO deliveries (delivery_id, event, received_at, state, attempts, lease_token,
        reason)
    SELECT 'old-' || n, 'workflow_run', :began + n * :step, 'processed', 0, 0, 'recorded'
    FROM numbers
"""
# All of the very repository whose requests are looked at, which is the worst place for them.
_REQUESTS: Final = """
    INSERT INTO gate_requests (installation_id, repository_id, run_id, run_attempt, environment_key,
        environment, head_sha, state, round, deployments, unanswered, opened_at, waiting_since,
        generation, verdict, reason, watched, failures, lease_token)
    SELECT 1, :repository, n, 1, :environment, :environment, 'c0ffee', 'approved', 1, '[]', '[]',
        :began + n * :step, :began + n * :step, 1, 'approve', 'validation_passed', '[]', 0, 1
    FROM numbers
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """Median milliseconds of one thing, on the empty database and on the crowded one."""

    what: str
    empty: float
    crowded: float

    @property
    def ratio(self) -> float:
        """Return how much longer it takes in the crowd."""
        return self.crowded / self.empty


def paces(dialect: str, deliveries: int, old_requests: int) -> list[Pace]:
    """Measure on `sqlite` or `postgresql` with so many old rows beside."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with bench_database(dialect) as url, capture_logs(), running_gate(url) as gate:
        gate.github.validate(REPOSITORY, "failure")
        held = gate.github.deploy(REPOSITORY).run_id
        gate.settle()
        works = _works(gate, gate.record(held).id)
        empty = {what: _median(work) for what, work in works.items()}
        _crowd(gate, deliveries, old_requests)
        return [Pace(what, empty[what], _median(work)) for what, work in works.items()]


@contextmanager
def bench_database(dialect: str) -> Iterator[str]:
    """Return the URL of an empty database of a kind."""
    if dialect == "postgresql":
        with postgres_server() as server, server.migrated_database() as url:
            yield url
        return
    with TemporaryDirectory(prefix="gate-crowd-") as folder:
        yield f"sqlite:///{Path(folder) / 'gate.db'}"


def _works(gate: Gate, request_id: RequestId) -> dict[str, Callable[[], object]]:
    """Name what is timed."""
    deps, database = gate.service.deps, gate.service.database

    def look() -> None:
        now = deps.clock()
        database.transact(lambda tx: waking.wake_requests(tx, [request_id], now))
        begun = take_up(request_id, deps)
        if begun is None:
            raise ValueError("the request is not held")
        finish_pass(begun, deps)

    def take() -> None:
        now, name = deps.clock(), DeliveryId(f"new-{time.monotonic_ns()}")
        delivery = NewDelivery(name, "workflow_run", now, b"{}")
        database.transact(lambda tx: inbox.record_delivery(tx, delivery))
        database.read(lambda it: inbox.read_deliveries(it, [name]))
        database.transact(lambda tx: inbox.record_processed(tx, [name], "recorded"))

    def poll() -> None:
        now = deps.clock()
        database.read(
            lambda it: (requests.due_requests(it, now, 500), inbox.rows.due(it, now, 500))
        )

    def scrape() -> None:
        database.read(lambda it: (requests.count_undecided(it), inbox.oldest_unread(it)))

    def sweep() -> None:
        now = deps.clock()
        database.read(lambda it: look_candidates(it, now, 20_000))

    return {
        "a pass over a held request": look,
        "a delivery stored, read and noted": take,
        "what is due": poll,
        "what the metrics read": scrape,
        "what to sweep": sweep,
    }


def _median(work: Callable[[], object]) -> float:
    """Time a work after a third of the rounds: until then statements are compiled."""
    took = []
    for _ in range(_ROUNDS // 3):
        work()
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def _crowd(gate: Gate, deliveries: int, old_requests: int) -> None:
    """Fill in what five weeks have left behind, spread evenly over them."""
    database = gate.service.database
    began = int((gate.service.deps.clock().timestamp() - _KEPT_SECONDS) * 1_000_000)
    about = {
        "repository": gate.github.world.repository(REPOSITORY).id,
        "environment": ENVIRONMENT,
        "began": began,
    }
    for insert, count in ((_DELIVERIES, deliveries), (_REQUESTS, old_requests)):
        values = about | {"count": count, "step": _KEPT_SECONDS * 1_000_000 // count}
        statement = text(_NUMBERS + insert)
        used = {name: values[name] for name in statement.compile().params}
        database.transact(lambda tx, it=used, do=statement: tx.execute(do, it).close())  # type: ignore[misc]
    if database.dialect == "postgresql":
        # The server does it by itself within a minute.
        database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
