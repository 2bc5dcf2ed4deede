"""What one node takes in, another one answers, told by a job; and losing the job loses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from gate.domain.model.hints import DeliveryHint, Hint, RequestHint
from gate.domain.model.request import RequestState
from gate.fleet.jobs import write_jobs
from tests.integration.fleet.conftest import Working, execute, waiting_jobs
from tests.support.harness import REPOSITORY, Gate, wait_for


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """Provide the lines that are logged."""
    with capture_logs() as lines:
        yield lines


def deploy(gate: Gate) -> int:
    """Let a run reach the environment, and its webhooks be stored."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    return run_id


def wait_until_answered(gate: Gate, run_id: int) -> None:
    """Wait until GitHub has the answer, and the record too."""
    wait_for(lambda: gate.answers(run_id), "the answer")
    wait_for(lambda: gate.record(run_id).state == RequestState.APPROVED, "its record")


def test_a_webhook_at_one_node_is_answered_by_another(
    gate: Gate, working: Working, log: list[Any]
) -> None:
    """It is told by a job: nobody looks for an hour."""
    with working():
        wait_for(lambda: events(log, "fleet.listening"), "the listener")
        run_id = deploy(gate)
        wait_until_answered(gate, run_id)
        wait_for(lambda: waiting_jobs(gate) == 0, "the jobs to be taken")
    assert len(gate.answers(run_id)) == 1


def test_jobs_of_a_node_that_died_are_taken_by_another(gate: Gate, working: Working) -> None:
    """They are as durable as the facts."""
    run_id = deploy(gate)
    assert waiting_jobs(gate) > 0
    with working():
        wait_until_answered(gate, run_id)
        wait_for(lambda: waiting_jobs(gate) == 0, "the jobs to be taken")


def test_losing_every_job_loses_nothing(gate: Gate, working: Working) -> None:
    """Rows are looked for now and then, and that is enough."""
    execute(
        gate,
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN DELETE FROM procrastinate_jobs WHERE id = NEW.id; RETURN NULL; END';"
        "CREATE TRIGGER z_lose AFTER INSERT ON procrastinate_jobs"
        " FOR EACH ROW EXECUTE FUNCTION lose()",
    )
    with working(timedelta(milliseconds=200)):
        run_id = deploy(gate)
        wait_until_answered(gate, run_id)
    assert len(gate.answers(run_id)) == 1


def test_a_doubled_job_does_nothing_twice(gate: Gate, working: Working) -> None:
    """The row's lease refuses whoever comes second."""
    run_id = deploy(gate)
    now = gate.service.deps.clock()
    hints = [DeliveryHint(it, now) for it in gate.due_deliveries()]
    for _ in range(3):
        gate.service.database.transact(lambda tx: write_jobs(tx, hints))
    with working(), working():
        wait_until_answered(gate, run_id)
        wait_for(lambda: waiting_jobs(gate) == 0, "the jobs to be taken")
    assert len(gate.answers(run_id)) == 1
    kinds = [it.kind for it in gate.trail(run_id)]
    assert kinds.count("review.sent") == kinds.count("request.opened") == 1


def test_a_row_that_is_due_later_is_found_by_its_time(
    gate: Gate, working: Working, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint of its transaction carries the time to the timer: nobody need look to learn it."""
    heard: list[Hint] = []
    with working() as node:
        pass_on = node.service.queues.pass_on

        def hear(hints: Sequence[Hint]) -> None:
            heard.extend(hints)
            pass_on(hints)

        monkeypatch.setattr(node.service.queues, "pass_on", hear)
        gate.validate(REPOSITORY, "failure")
        run_id = deploy(gate)
        wait_for(lambda: gate.records() and gate.record(run_id).state == "waiting", "the hold")
        recheck_at = gate.record(run_id).recheck_at
        assert recheck_at is not None

        def is_told() -> bool:
            timed = [(it.request_id, it.at) for it in heard if isinstance(it, RequestHint)]
            return (gate.record(run_id).id, recheck_at) in timed

        wait_for(is_told, "the hint")
        wait_for(lambda: (at := node.service.queues.due_timer.at) and at <= recheck_at, "the timer")


def test_cut_connections_are_made_again(gate: Gate, working: Working, log: list[Any]) -> None:
    """What was written meanwhile is found, and no loop is busy."""
    with working() as node:
        wait_for(lambda: events(log, "fleet.listening"), "the listener")
        execute(
            gate,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        run_id = deploy(gate)
        wait_for(lambda: len(events(log, "fleet.listening")) == 2, "the listener again")
        wait_until_answered(gate, run_id)
        assert node.service.fleet is not None
        assert node.service.fleet.is_alive
    assert len(events(log, "fleet.disconnected")) == 1


def events(log: list[Any], name: str) -> list[Any]:
    """List the lines of an event."""
    return [it for it in log if it["event"] == name]
