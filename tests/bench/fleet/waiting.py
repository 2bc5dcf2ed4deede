"""Measure what a node reads while 100,000 requests wait and none of them is due."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import text

from gate.store.engine.database import Database, Transaction
from tests.bench.decisions import furnish
from tests.bench.fleet.nodes import SERVE, WORK, Fleet
from tests.bench.services import wait_for

_IDLE_SECONDS: Final = 5.0
_COPY: Final = """
    INSERT INTO gate_requests (installation_id, repository_id, run_id, run_attempt, environment_key,
        environment, head_sha, state, round, deployments, unanswered, opened_at, waiting_since,
        generation, verdict, reason, decision_id, policy_digest, give_up_at, recheck_at, watched,
        due_at, failures, lease_token)
    SELECT installation_id, repository_id, run_id + 1000000000000 + n, run_attempt, environment_key,
        environment, head_sha, state, round, deployments, unanswered, opened_at, waiting_since,
        generation, verdict, reason, decision_id, policy_digest, give_up_at, recheck_at, watched,
        give_up_at, failures, lease_token
    FROM gate_requests, generate_series(1, :copies) AS n
    WHERE state = 'waiting'
"""
_READ: Final = """
    SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
    FROM pg_stat_user_tables
"""
_COMMITS: Final = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True, slots=True)
class Idle:
    """What a node reads: rows and milliseconds of one sweep, rows and transactions of a second."""

    sweep_rows: int
    sweep_ms: float
    rows_a_second: float
    commits_a_second: float


def read_while_waiting(here: Fleet, repositories: int, copies: int) -> tuple[Idle, Idle]:
    """Watch a worker beside one held request for each repository, then beside copies of them."""
    here.start(SERVE)
    names = furnish(here, repositories, "failure")
    for name in names:
        here.github.deploy(name)
    wait_for(lambda: here.github.totals().reports >= len(names), "the holds")
    here.github.wait_until_delivered(60)
    here.stop(here.nodes[0])
    few = _watch(here)
    database = Database(here.database_url)
    database.transact(partial(_fill, copies=copies // repositories))
    database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
    database.close()
    return few, _watch(here)


def _fill(tx: Transaction, copies: int) -> None:
    filled = tx.execute(text(_COPY), {"copies": copies})
    if filled.rowcount < copies:
        msg = f"{filled.rowcount} rows were copied"
        raise ValueError(msg)


def _watch(here: Fleet) -> Idle:
    """Start a worker, let it sweep, and watch it idle."""
    seen = here.stage.log.stat().st_size
    before = here.count(_READ)
    (worker,) = here.start(WORK)
    wait_for(lambda: _sweep_ms(here, seen) is not None, "the sweep")
    # Each connection reports what it read a second after it was last used.
    time.sleep(2.0)
    sweep_rows, sweep_ms = here.count(_READ) - before, _sweep_ms(here, seen)
    rows, commits = here.count(_READ), here.count(_COMMITS)
    time.sleep(_IDLE_SECONDS)
    rows, commits = here.count(_READ) - rows, here.count(_COMMITS) - commits
    here.stop(worker)
    return Idle(sweep_rows, sweep_ms or 0.0, rows / _IDLE_SECONDS, commits / _IDLE_SECONDS)


def _sweep_ms(here: Fleet, seen: int) -> float | None:
    """Return how long the first sweep took that stands in the log after so many bytes."""
    with here.stage.log.open(encoding="utf-8") as log:
        log.seek(seen)
        for line in log:
            if '"sweep.finished"' in line and line.endswith("\n"):
                duration: float = json.loads(line)["duration_ms"]
                return duration
    return None
