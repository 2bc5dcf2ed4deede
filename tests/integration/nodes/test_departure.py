"""A node that leaves keeps nothing for itself."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest

from gate.domain.model.request import RequestState
from gate.errors import GateError
from gate.reconciler.nodes.departure import Departure
from gate.reconciler.requests.reconcile import finish_pass, take_up
from gate.store.nodes.nodes import list_nodes
from gate.store.nodes.release import release_leases
from tests.support.harness import REPOSITORY, Gate, wait_for


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
    deps = service.deps
    return Departure(
        worker,
        service.heartbeat,
        lambda: release_leases(deps.database, deps.node, deps.clock()),
        timedelta(seconds=30),
    )


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
