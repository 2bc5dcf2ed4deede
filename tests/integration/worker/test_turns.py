"""On PostgreSQL two nodes write for one installation one after the other, never crosswise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from threading import Thread

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import ExceptionContext

from gate.domain.model.ids import DeliveryId, InstallationId
from gate.domain.model.request import RequestState
from gate.reconciler.deps import Deps
from gate.reconciler.ingest.ingest import ingest
from gate.reconciler.ingest.room import Room
from gate.reconciler.requests.reconcile import finish_pass
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate, wait_for
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with one gated repository."""
    with server.migrated_database() as url, running_gate(url) as running:
        yield running


def stored(gate: Gate) -> list[DeliveryId]:
    """List the deliveries that wait to be read, once all have come."""
    gate.github.wait_until_delivered()
    return gate.due_deliveries()


def read(ids: Sequence[DeliveryId], deps: Deps) -> None:
    """Read deliveries, and make the passes that are due because of them."""
    for begun in ingest(ids, deps, begin=Room.for_all(9)).begun:
        finish_pass(begun, deps)


def meanwhile(deps: Deps, call: int, happens: Callable[[], None]) -> Deps:
    """Let something happen inside a transaction, where it asks for the time once more."""
    calls = count(1)

    def clock() -> datetime:
        if next(calls) == call:
            happens()
        return deps.clock()

    return replace(deps, clock=clock)


def wait_until_over_or_waiting(gate: Gate, thread: Thread) -> None:
    """Wait until a thread has ended, or waits for the transaction that this one has open."""
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    engine = create_engine(gate.settings.database_url.get_secret_value())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        wait_for(
            lambda: not thread.is_alive() or connection.execute(query).scalar_one() > 0,
            "the other node",
        )
    engine.dispose()


@contextmanager
def errors_of(nodes: Sequence[Gate]) -> Iterator[list[str]]:
    """Collect what PostgreSQL refuses the nodes while the context lasts."""
    seen: list[str] = []

    def note(context: ExceptionContext) -> None:
        seen.append(str(context.original_exception))

    engines = [node.service.database.engine for node in nodes]
    for engine in engines:
        event.listen(engine, "handle_error", note)
    yield seen
    for engine in engines:
        event.remove(engine, "handle_error", note)


def test_the_green_that_another_node_commits_meanwhile_is_seen(gate: Gate, second: Gate) -> None:
    """The second node has looked whom a green concerns before the first opens the request."""
    gate.validate(REPOSITORY, "failure")
    held_before = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.validate(REPOSITORY, "success")
    greens = stored(gate)
    gate.validate(REPOSITORY, "success", workflow="lint.yml")
    others = [it for it in stored(gate) if it not in greens]
    run_id = gate.github.deploy(REPOSITORY).run_id
    asking = [it for it in stored(gate) if it not in (*greens, *others)]
    first = Thread(target=read, args=(asking, gate.service.deps))

    def open_and_decide() -> None:
        first.start()
        wait_until_over_or_waiting(gate, first)

    # When it comes to the others, the transaction has looked for requests that a green concerns.
    node = meanwhile(second.service.deps, len(greens) + 1, open_and_decide)
    read([*greens, *others], node)
    first.join()
    gate.settle()
    assert gate.record(held_before).state == RequestState.APPROVED
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_review_and_a_pass_at_the_same_moment(gate: Gate, second: Gate) -> None:
    """One takes the trail and then the request, the other the request and then the trail."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol", "dave"])
    with errors_of([gate, second]) as errors:
        for _ in range(10):
            gate.validate(REPOSITORY, "failure")
            run_id = gate.github.deploy(REPOSITORY).run_id
            gate.settle()
            gate.github.advance(1)
            gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "too short")
            reviews = stored(gate)
            gate.validate(REPOSITORY, "cancelled")
            runs = [it for it in stored(gate) if it not in reviews]
            at_once(
                [
                    partial(read, reviews, gate.service.deps),
                    partial(read, runs, second.service.deps),
                ]
            )
            gate.settle()
    assert errors == []


def test_a_busy_installation_keeps_no_delivery_of_another_waiting(gate: Gate, second: Gate) -> None:
    """Somebody has its turn: what came together with its deliveries is read without them."""
    busy = InstallationId(gate.github.create_installation("busy-org"))
    gate.github.create_repository("busy-org/frontend", busy)
    gate.settle()
    gate.validate("busy-org/frontend", "success")
    of_busy = stored(gate)
    gate.validate(REPOSITORY, "success")
    ids = stored(gate)

    def read_meanwhile(tx: Transaction) -> tuple[DeliveryId, ...]:
        take_turn(tx, busy)
        return ingest(ids, second.service.deps, is_patient=False).left

    left = gate.service.database.transact(read_meanwhile)
    assert sorted(left) == sorted(of_busy)
    assert sorted(gate.due_deliveries()) == sorted(of_busy)
    assert not ingest(left, gate.service.deps).left
    assert gate.due_deliveries() == []
