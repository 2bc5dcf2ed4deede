"""Two nodes on one PostgreSQL: one that takes webhooks, and one that works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

import pytest
from sqlalchemy import text

from tests.support.harness import REPOSITORY, Gate, running_gate
from tests.support.postgres import PostgresServer

NEVER = timedelta(hours=1)
"""How often a node looks for itself where only a job may tell it."""


class Working(Protocol):
    """Runs a node that works."""

    def __call__(self, poll: timedelta = NEVER) -> AbstractContextManager[Gate]: ...


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a node that takes webhooks and does not work, with a green repository."""
    with server.migrated_database() as url, running_gate(url) as running:
        running.validate(REPOSITORY, "success")
        running.settle()
        execute(running, "DELETE FROM procrastinate_jobs")
        yield running


@pytest.fixture
def working(gate: Gate) -> Working:
    """Run one more node, whose threads work, and that does not sweep."""

    @contextmanager
    def run(poll: timedelta = NEVER) -> Iterator[Gate]:
        node = Gate(gate.github, gate.settings, poll=poll)
        node.service.start_worker(sweeping=False)
        try:
            yield node
        finally:
            node.service.departure.finish()
            node.service.close()

    return run


def execute(gate: Gate, statement: str) -> None:
    """Run a statement on the database of a gate."""
    gate.service.database.transact(lambda tx: tx.execute(text(statement)))


def waiting_jobs(gate: Gate) -> int:
    """Count the jobs that wait for a node."""
    counting = text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'hints'")
    return int(gate.service.database.read(lambda it: it.execute(counting).scalar_one()))
