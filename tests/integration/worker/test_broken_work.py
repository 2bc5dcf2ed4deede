"""Work that keeps failing by a fault of ours harms no other, and is set aside where it may be."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from gate.domain.model.hints import Work
from gate.domain.model.ids import CommentId, RepositoryId
from gate.reconciler.worker.loops import QUARANTINE_AFTER
from gate.reconciler.worker.supervisor import Supervisor
from gate.store.comments.replies import Reply, record_reply
from gate.store.engine.database import Database
from gate.store.engine.tables.comments import replies
from gate.store.engine.tables.inbox import deliveries
from gate.store.github.policy_authors import WantedAuthor, read_authors, want_author
from gate.store.github.stored_policies import repository_source
from gate.store.incidents import checks
from tests.support.harness import REPOSITORY, Gate

RULE = "deployment_protection_rule"


class BrokenGitHub:
    """GitHub's client with a mistake in every method that is called."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError(name)


def broken_worker(gate: Gate, **changed: Any) -> Supervisor:
    """Build a worker of the gate's service in which something is broken."""
    return gate.worker_with(replace(gate.service.deps, **changed))


def fail_for_long(
    gate: Gate, worker: Supervisor, logs: list[MutableMapping[str, Any]] | None = None
) -> int:
    """Step through more tries than a row gets; return how many of them failed."""
    failed = 0
    with capture_logs() as lines:
        for _ in range(QUARANTINE_AFTER + 5):
            failed += len(worker.step().faults)
            gate.github.advance(400)
    if logs is not None:
        logs += lines
    return failed


def owe_reply(gate: Gate) -> None:
    """Owe somebody a reply."""
    deps = gate.service.deps
    repository_id = RepositoryId(gate.github.world.repository(REPOSITORY).id)
    reply = Reply("reply/1", repository_id, 1, CommentId(1), "eyes", None)
    deps.database.transact(lambda tx: record_reply(tx, reply, deps.clock()))


def test_a_reply_that_keeps_failing_is_sent_once_the_fault_is_gone(gate: Gate) -> None:
    """It is never set aside: nobody else would reply, and a person waits for it."""
    owe_reply(gate)
    worker = broken_worker(gate, github=BrokenGitHub())
    assert fail_for_long(gate, worker) == QUARANTINE_AFTER + 5
    query = select(replies.c.state, replies.c.due_at.is_(None))
    assert gate.service.database.read(lambda it: it.execute(query).one()) == ("intended", False)


def test_a_look_at_incidents_is_never_set_aside(gate: Gate) -> None:
    """However often it fails; the first look that succeeds opens the incident."""
    gate.validate(REPOSITORY, "failure")
    gate.ingest_deliveries()
    assert fail_for_long(gate, broken_worker(gate, github=BrokenGitHub())) > QUARANTINE_AFTER
    now = gate.service.deps.clock()
    assert gate.service.database.read(lambda it: checks.rows.due(it, now, 9))
    gate.settle()
    assert gate.github.issues_of(REPOSITORY)


def test_an_author_is_asked_for_a_bounded_number_of_times(gate: Gate) -> None:
    """Also where every try ends without a word: nothing but a page rests on it."""
    gate.settle()
    repository_id = RepositoryId(gate.github.world.repository(REPOSITORY).id)
    source = repository_source(repository_id)
    wanted = WantedAuthor(source, gate.service.deps.clock(), repository_id)
    gate.service.database.transact(lambda tx: want_author(tx, wanted))
    assert fail_for_long(gate, broken_worker(gate, github=BrokenGitHub())) == 10
    (author,) = gate.service.database.read(lambda it: read_authors(it, source, 9))
    assert (author.commit, author.is_asked) == (None, False)


def test_a_delivery_that_keeps_failing_is_set_aside_until_it_comes_again(gate: Gate) -> None:
    """Its body is kept for a person, deliveries beside it are read, and a redelivery cures it."""
    parse = gate.service.deps.parse_delivery

    def misread(event: str, body: bytes) -> Any:
        if event == RULE:
            raise IndexError(event)
        return parse(event, body)

    gate.validate(REPOSITORY, "success")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    logs: list[MutableMapping[str, Any]] = []
    broken = broken_worker(gate, parse_delivery=misread)
    assert fail_for_long(gate, broken, logs) >= QUARANTINE_AFTER
    query = select(deliveries.c.event, deliveries.c.reason).where(
        deliveries.c.state == "quarantined"
    )
    assert gate.service.database.read(lambda it: it.execute(query).all()) == [(RULE, "bug")]
    (aside,) = [it for it in logs if it["event"] == "work.quarantined"]
    assert (aside["work"], aside["attempts"]) == ("deliveries", QUARANTINE_AFTER)
    assert gate.due_deliveries() == []
    (asked,) = [it for it in gate.github.deliveries() if it.event == RULE]
    app = gate.github.world.app()
    delivery = gate.github.sender.delivery(app.id, asked.id)
    assert delivery is not None
    gate.github.sender.redeliver(app, delivery)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert len(gate.answers(run_id)) == 1


@pytest.mark.parametrize("work", [it for it in Work if it is not Work.ALERTS])
def test_a_database_that_cannot_be_read_ends_no_loop(gate: Gate, work: Work) -> None:
    """It is logged, and the next round does what this one could not."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    other = Database(gate.settings.database_url.get_secret_value())
    other.close()
    worker = broken_worker(gate, database=other)
    with capture_logs() as logs:
        assert not worker.do(work)
    assert [(it["event"], it["reason"]) for it in logs] == [("worker.postponed", "database_busy")]
