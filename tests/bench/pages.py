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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from flask.testing import FlaskClient
from sqlalchemy import text
from structlog.testing import capture_logs

from gate.domain.model.policy.policy import POLICY_PATH
from tests.bench.old_rows import bench_database
from tests.bench.years import FIRST, PERSON, POLICY, multiply
from tests.support.alert_receiver import running_receiver
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate

_ROUNDS: Final = 15
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Served:
    """A page: its median time, what the thread computed meanwhile, and its size on the wire.

    On a machine that has other work the time tells of that, too.
    """

    name: str
    milliseconds: float
    cpu_milliseconds: float
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
        gate.service.database.transact(lambda tx: multiply(tx, requests, incidents))
        gate.service.database.transact(lambda tx: tx.execute(text("ANALYZE")).close())
        client = gate.client()
        for name, path in _paths(held, gate.service.deps.clock().date()).items():
            yield _measure(client, name, path)


def _play(gate: Gate) -> int:
    """Play a failure that holds a deployment; return the request's number."""
    gate.github.put_file(REPOSITORY, POLICY_PATH, POLICY)
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return gate.record(run_id).id


def _paths(held: int, day: date) -> dict[str, str]:
    return {
        "board": "/",
        "board, filtered": "/?state=held",
        "deployment": f"/requests/{held}",
        "old deployment": f"/requests/{FIRST + 7}",
        "picture of a deployment": f"/requests/{held}.svg",
        "incidents": "/incidents",
        "incident": "/incidents/1",
        "history": "/history",
        "history of a repository": "/history?repository=octo-org/service-7",
        "history of an environment": f"/history?environment={ENVIRONMENT}",
        "history of a person": f"/history?person={PERSON}",
        "history of nobody": "/history?person=nobody",
        "history by reason": "/history?reason=validation_passed",
        "history by verdict": "/history?verdict=wait",
        "history by state": "/history?state=waiting",
        "history of a month": f"/history?from={day - 60 * _DAY}&to={day - 30 * _DAY}",
        "history by all of them": (
            f"/history?repository=octo-org/service-7&environment={ENVIRONMENT}&person={PERSON}"
            f"&reason=validation_passed&verdict=approve&state=approved&from={day - 60 * _DAY}"
        ),
        "insights, 90 days": "/insights?period=90d",
        "repository": f"/repositories/{REPOSITORY}",
        "badge": f"/badge/{REPOSITORY}/{ENVIRONMENT}.svg",
        "status": "/status",
    }


def _measure(client: FlaskClient, name: str, path: str) -> Served:
    """Ask for a page until its statements are compiled, then time it."""
    took, computed = [], []
    body = b""
    for number in range(_ROUNDS + 3):
        started, used = time.perf_counter(), time.thread_time()
        answer = client.get(path, headers={"Accept": "text/html"})
        elapsed, cpu = time.perf_counter() - started, time.thread_time() - used
        if answer.status_code != 200:
            msg = f"{path}: {answer.status}"
            raise ValueError(msg)
        body = answer.data
        if number >= 3:
            took.append(elapsed * 1000)
            computed.append(cpu * 1000)
    return Served(
        name, statistics.median(took), statistics.median(computed), len(gzip.compress(body)) / 1024
    )
