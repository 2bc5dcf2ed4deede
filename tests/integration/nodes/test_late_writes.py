"""A node that was stopped right before a write sends nothing that another has sent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.incidents.issue.issue_steps import issues, remarks
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, Gate, running_gate
from tests.support.postgres import PostgresServer


@pytest.fixture
def gate(server: PostgresServer, receiver: Receiver) -> Iterator[Gate]:
    """Provide a gate on PostgreSQL that sends its alerts to the receiver."""
    with server.migrated_database() as url, running_gate(url, alerts_to=receiver.url) as running:
        running.github.set_role(REPOSITORY, "carol", "write")
        yield running


def stopped(gate: Gate, second: Gate, place: str, does: Callable[[], None], at: int = 1) -> None:
    """Stop the first node for ten minutes at a place, let the other do what is due, and go on."""
    reached = 0

    def stop(here: str) -> None:
        nonlocal reached
        reached += here == place
        if here == place and reached == at:
            gate.failpoint = lambda _: None
            gate.github.advance(600)
            does()
            second.settle()

    gate.failpoint = stop
    gate.settle()
    assert reached == at
    second.settle()


def nothing() -> None:
    """Let nothing else happen."""


def test_a_late_comment_on_a_deployment_is_not_sent(gate: Gate, second: Gate) -> None:
    """The other node has approved by then, and GitHub hears nothing of the hold."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id

    def turn_green() -> None:
        gate.validate(REPOSITORY, "success")

    stopped(gate, second, "begun", turn_green)
    found = [(it.state, it.status) for it in gate.github.reviews(run_id)]
    assert found == [("approved", 204)]


def test_a_late_comment_that_is_still_right_is_sent_once(gate: Gate, second: Gate) -> None:
    """That it was not sent only the node knows that was stopped; nobody else dares to."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    stopped(gate, second, "begun", nothing)
    assert len(gate.reports(run_id)) == 1
    outcomes = [it.detail.get("outcome") for it in gate.trail(run_id) if it.kind == "report.sent"]
    assert outcomes == ["sent"]


def test_a_late_issue_is_not_opened_again(gate: Gate, second: Gate) -> None:
    """The other node has looked for it, found nothing, and opened one."""
    gate.validate(REPOSITORY, "failure")
    stopped(gate, second, "issue_begun", nothing)
    assert len(issues(gate)) == 1


def test_a_late_remark_is_not_written_again(gate: Gate, second: Gate) -> None:
    """Nor is the text of the issue set back."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    before = len(remarks(gate))
    gate.validate(REPOSITORY, "success")
    stopped(gate, second, "issue_begun", nothing)
    gate.advance(minutes=5)
    assert len(remarks(gate)) - before == 1
    assert issues(gate)[0].state == "closed"


def test_a_late_reply_is_not_written_again(gate: Gate, second: Gate) -> None:
    """A command is answered once."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    before = len(remarks(gate))
    gate.github.comment_on_issue(REPOSITORY, 1, "carol", "/decide later")
    stopped(gate, second, "replying", nothing)
    gate.advance(minutes=5)
    assert len(remarks(gate)) - before == 1


def test_a_late_alert_is_not_sent_again(gate: Gate, second: Gate, receiver: Receiver) -> None:
    """The page has gone out by the other node."""
    gate.validate(REPOSITORY, "failure")
    stopped(gate, second, "alerting", nothing)
    keys = [it.headers["x-gate-delivery"] for it in receiver.received]
    assert keys.count("incident/1/page") == 1


@pytest.mark.parametrize("is_read", [False, True], ids=["time unknown", "time read again"])
def test_a_pause_that_the_hypervisor_hides_is_noticed_all_the_same(
    gate: Gate, receiver: Receiver, *, is_read: bool
) -> None:
    """The machine's clock was set when it went on, so the database's is read before a write.

    It makes no difference whether another thread has done so before this one goes on.
    """
    gate.validate(REPOSITORY, "success")
    gate.settle()
    sent: list[str | None] = []

    def pause(here: str) -> None:
        if here == "decided" and not gate.hidden:
            gate.pause_unseen(600)
            if is_read:
                gate.service.heartbeat.beat()
        if here == "settled":
            sent.extend(it.state for it in gate.answers(run_id))
            gate.service.heartbeat.beat()

    gate.failpoint = pause
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(seconds=1)
    assert sent == ["approved"]
    assert [it.reason for it in gate.trail(run_id) if it.kind == "review.postponed"]
    assert len(gate.answers(run_id)) == 1
    assert receiver.received == []
