"""A node that leaves keeps nothing for itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest
from pydantic import SecretStr
from sqlalchemy import make_url, text

from gate.bootstrap.fleet import FleetWorker
from gate.domain.model.request import RequestState
from gate.errors import GateError
from gate.reconciler.deadlines import SEEN_AFTER
from gate.reconciler.deps import no_failpoint
from gate.reconciler.nodes.departure import Departure, release_all
from gate.reconciler.requests.reconcile import finish_pass, take_up
from gate.simulator.faults import Fault
from gate.store.engine.database import Transaction
from gate.store.nodes.nodes import list_nodes
from tests.chaos.wires import running_wires, to_unix_socket
from tests.support.harness import REPOSITORY, Gate, wait_for
from tests.support.postgres import PostgresServer


class _Busy:
    """A worker that does not finish in time."""

    def stop(self, within: timedelta) -> bool:
        return False


class _Stuck:
    """A worker that does not even return in time."""

    def __init__(self) -> None:
        self.is_over = Event()

    def stop(self, within: timedelta) -> bool:
        return self.is_over.wait(within.total_seconds() + 30)


class _Waiting:
    """A worker that finishes once it is let."""

    def __init__(self) -> None:
        self.stopping = Event()
        self.may_end = Event()

    def stop(self, within: timedelta) -> bool:
        self.stopping.set()
        return self.may_end.wait(within.total_seconds())


def _departure(gate: Gate, worker: _Busy | _Waiting) -> Departure:
    service = gate.service
    grace = timedelta(seconds=30)
    return Departure(worker, service.heartbeat, lambda: release_all(service.deps), grace)


def test_what_is_not_finished_in_time_is_anothers_at_once(gate: Gate, second: Gate) -> None:
    """The lease is given back, and whoever still works under it writes nothing."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.room = 0
    gate.ingest_deliveries()
    begun = take_up(gate.record(run_id).id, gate.service.deps)
    assert begun is not None
    assert take_up(begun.request_id, second.service.deps) is None
    _departure(gate, _Busy()).finish()
    second.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    finish_pass(begun, gate.service.deps)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


def comment(gate: Gate) -> Callable[[], int]:
    """Let a person give a command that is refused; gives what counts the gate's words about it."""
    gate.github.set_role(REPOSITORY, "carol", "write")
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    gate.github.comment_on_issue(REPOSITORY, number, "carol", "/override 1 we looked at it closely")
    return lambda: sum(it.app_id is not None for it in gate.github.comments(REPOSITORY, number))


def leave_at(gate: Gate, place: str, then: Callable[[], None] = lambda: None) -> None:
    """Let the node leave the fleet at a place, while the thread that comes there goes on."""

    def leave(here: str) -> None:
        if here == place:
            gate.failpoint = no_failpoint
            _departure(gate, _Busy()).finish()
            then()

    gate.failpoint = leave


def test_what_may_be_on_its_way_is_anothers_once_it_would_be_seen(gate: Gate, second: Gate) -> None:
    """Until then its absence says nothing."""
    written = comment(gate)

    def settle_unseen() -> None:
        fault = Fault(path=r"/issues/\d+/comments", method="GET", status=200, body="[]")
        unseen = gate.github.add_fault(fault)
        second.settle()
        gate.github.clear_faults(unseen)

    leave_at(gate, "replied", settle_unseen)
    gate.settle()
    second.advance(seconds=SEEN_AFTER.total_seconds())
    assert written() == 1


def test_a_thread_that_was_left_behind_begins_no_write(gate: Gate, second: Gate) -> None:
    """Its lease would last, but the node has left; another one writes."""
    written = comment(gate)
    leave_at(gate, "replying")
    gate.settle()
    assert written() == 0
    second.advance(seconds=SEEN_AFTER.total_seconds())
    assert written() == 1


def test_a_pass_that_was_left_behind_sends_no_answer(gate: Gate, second: Gate) -> None:
    """It is decided, but the other node answers."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.room = 0
    gate.ingest_deliveries()
    begun = take_up(gate.record(run_id).id, gate.service.deps)
    assert begun is not None
    leave_at(gate, "decided")
    finish_pass(begun, gate.service.deps)
    assert gate.answers(run_id) == []
    second.advance(seconds=SEEN_AFTER.total_seconds())
    assert [it.state for it in second.answers(run_id)] == ["approved"]


def test_a_comment_is_not_believed_absent_while_its_call_may_last(gate: Gate) -> None:
    """A call whose answer was lost may arrive later than the next look."""
    written = comment(gate)
    path = r"/issues/\d+/comments"
    gate.github.add_fault(Fault(path=path, method="POST", times=1, status=502, apply=True))
    unseen = gate.github.add_fault(Fault(path=path, method="GET", status=200, body="[]"))
    gate.settle()
    for _ in range(6):
        gate.advance(seconds=10)
    gate.github.clear_faults(unseen)
    gate.advance(minutes=5)
    assert written() == 1


def test_a_process_ends_while_its_database_does_not_answer(
    gate: Gate, server: PostgresServer
) -> None:
    """Listener, threads, limits and writer are all left behind."""
    url = make_url(gate.settings.database_url.get_secret_value())
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    with running_wires() as wires:
        wire = wires.add(to_unix_socket(server.socket))
        over = url.set(host="127.0.0.1", port=wire.port, query={})
        secret = SecretStr(over.render_as_string(hide_password=False))
        settings = gate.settings.model_copy(update={"database_url": secret})
        service = Gate(gate.github, settings).service
        service.heartbeat.start()
        service.start_worker()
        wait_for(lambda: service.github.app.spending.leases, "calls")
        # A writer that is connected already waits for the answer, not for a connection.
        has_written = Event()
        service.database.submit(_work, lambda *_: has_written.set(), _call)
        assert has_written.wait(30)
        wire.set("silent")
        service.database.submit(_work, lambda *_: None, _call)
        soon = timedelta(seconds=1)
        worker = FleetWorker(service.worker, service.fleet)
        departure = Departure(
            worker, service.heartbeat, lambda: release_all(service.deps), soon, sign_off_within=soon
        )

        def end() -> None:
            departure.finish()
            service.close(soon)

        ending = Thread(target=end, daemon=True)
        ending.start()
        ending.join(30)
        try:
            assert not ending.is_alive()
        finally:
            wire.set("refused")
        threads = [it for it in enumerate_threads() if it.name in {"closing", "sign-off"}]
        for it in threads:
            it.join(30)


def _work(tx: Transaction) -> None:
    tx.execute(text("SELECT 1")).close()


def _call(calls: list[Callable[[], None]]) -> None:
    for it in calls:
        it()


def test_a_worker_that_does_not_end_is_left_behind(gate: Gate) -> None:
    """What it holds is released all the same."""
    worker, released = _Stuck(), Event()

    def release() -> int:
        released.set()
        return 1

    heartbeat, soon = gate.service.heartbeat, timedelta(seconds=1)
    Departure(worker, heartbeat, release, timedelta(0), sign_off_within=soon).finish()
    assert released.is_set()
    assert not worker.is_over.is_set()
    worker.is_over.set()


def test_a_database_out_of_reach_is_not_waited_for(gate: Gate) -> None:
    """The process ends all the same; its leases run out."""
    unreachable = Event()

    def release() -> int:
        unreachable.wait(30)
        return 0

    heartbeat, at_once = gate.service.heartbeat, timedelta(milliseconds=1)
    departure = Departure(_Busy(), heartbeat, release, timedelta(0), sign_off_within=at_once)
    departure.finish()
    assert not unreachable.is_set()
    unreachable.set()


def test_a_node_that_drains_is_listed_until_it_has_ended(gate: Gate) -> None:
    """Readiness fails first; what was begun may finish; then the node is gone."""
    gate.service.heartbeat.start()
    worker = _Waiting()
    departure = _departure(gate, worker)
    departure.check()
    departure.begin()
    departure.begin()
    assert worker.stopping.wait(30)
    with pytest.raises(GateError, match="draining"):
        departure.check()

    def drains() -> bool:
        return [it.is_draining for it in gate.service.database.read(list_nodes)] == [True]

    wait_for(drains, "the node to be listed as draining")
    worker.may_end.set()
    departure.finish()
    assert gate.service.database.read(list_nodes) == []
