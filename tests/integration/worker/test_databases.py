"""The service gives the same answers on PostgreSQL, alone and beside a second node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from gate.domain.model.hints import Work
from gate.domain.model.reporters import Submission
from gate.domain.model.request import RequestState
from gate.errors import ConfigError, ReportRejected
from gate.reconciler.ingest.reports import receive
from gate.simulator.faults import Fault
from gate.store.requests.waking import wake_requests
from tests.support.builders.reports import make_flow, make_validation_report
from tests.support.builders.runs import make_reporter
from tests.support.crashes import Crash
from tests.support.harness import REPOSITORY, Gate, reconcile, running_gate
from tests.support.postgres import PostgresServer
from tests.support.threads import at_once

REVIEW = "deployment_protection_rule$"


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with one gated repository."""
    with server.migrated_database() as url, running_gate(url) as running:
        assert running.service.database.dialect == "postgresql"
        yield running


def deploy(gate: Gate) -> int:
    """Let a run reach the environment, and the gate read of it without deciding."""
    run_id = gate.github.deploy(REPOSITORY).run_id

    def stop(at: str) -> None:
        if at == "decided":
            raise Crash(at)

    gate.failpoint = stop
    with pytest.raises(Crash, match="decided"):
        gate.settle()
    gate.failpoint = lambda _: None
    gate.expire_leases()
    return run_id


def test_red_holds_and_green_releases(gate: Gate) -> None:
    """A red validation holds a deployment until a green one lets it go on."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert gate.answers(run_id) == []
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


@pytest.mark.parametrize("place", ["taken", "decided", "begun", "sent", "settled"])
def test_a_crash_loses_and_doubles_nothing(gate: Gate, place: str) -> None:
    """Wherever the process dies, the restarted service gives exactly one answer."""
    died = False

    def die(at: str) -> None:
        nonlocal died
        if at == place:
            died = True
            raise Crash

    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.failpoint = die
    with pytest.raises(Crash):
        gate.settle()
    assert died
    gate.failpoint = lambda _: None
    gate.github.wait_until_delivered()
    gate.restart()
    gate.settle()
    # Other nodes may be at work here, so a dead one's lease has to run out.
    gate.advance(minutes=4)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1
    assert gate.github.totals().decisions == 1


def test_a_lost_response_is_looked_up_and_not_repeated(gate: Gate) -> None:
    """When GitHub applied a review and its answer was lost, it is found applied, not sent again."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault(REVIEW, method="POST", damage="close", apply=True, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(seconds=5)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1
    assert "review.landed" in [entry.kind for entry in gate.trail(run_id)]


def test_twenty_passes_at_once_send_one_review(gate: Gate) -> None:
    """However many threads look at a request at the same moment, GitHub is answered once."""
    gate.validate(REPOSITORY, "success")
    run_id = deploy(gate)
    request_id = gate.record(run_id).id
    at_once([lambda: reconcile(request_id, gate.service.deps)] * 20)
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1
    assert gate.github.totals().decisions == 1
    kinds = Counter(entry.kind for entry in gate.trail(run_id))
    assert kinds["review.sent"] == 1


def test_two_nodes_answer_each_request_once(gate: Gate, second: Gate) -> None:
    """Two services on one database share the work, and a lease keeps a request to one of them."""
    gate.validate(REPOSITORY, "success")
    runs = [deploy(gate) for _ in range(3)]
    ids = [gate.record(run_id).id for run_id in runs]
    nodes = (gate, second)
    at_once(
        [
            lambda it=request_id, node=node: reconcile(it, node.service.deps)  # type: ignore[misc]
            for request_id in ids
            for node in nodes * 3
        ]
    )
    second.settle()
    gate.settle()
    for run_id in runs:
        assert second.record(run_id).state == RequestState.APPROVED
        assert len(gate.answers(run_id)) == 1
    assert gate.github.totals().decisions == len(runs)


def test_a_node_leaves_what_another_holds(gate: Gate, second: Gate) -> None:
    """While one node sends, another that is woken for the request does nothing."""
    gate.validate(REPOSITORY, "success")
    run_id = deploy(gate)
    request_id = gate.record(run_id).id
    looked: list[bool] = []

    def meanwhile(at: str) -> None:
        if at == "begun":
            now = gate.service.deps.clock()
            second.service.database.transact(lambda tx: wake_requests(tx, [request_id], now))
            looked.append(reconcile(request_id, second.service.deps))

    gate.failpoint = meanwhile
    assert reconcile(request_id, gate.service.deps)
    assert looked == [False]
    second.settle()
    assert len(gate.answers(run_id)) == 1
    assert second.record(run_id).state == RequestState.APPROVED


def test_what_a_dead_node_held_another_takes_over(gate: Gate, second: Gate) -> None:
    """When a node dies after sending, another finds its answer once the lease has run out."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id

    def die(at: str) -> None:
        if at == "sent":
            raise Crash

    gate.failpoint = die
    with pytest.raises(Crash):
        gate.settle()
    second.advance(minutes=1)
    assert second.record(run_id).state == RequestState.ANSWERING
    second.advance(minutes=3)
    assert second.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1


def test_a_database_without_our_tables_is_refused(server: PostgresServer) -> None:
    """A service does not start on a schema it does not know, and says what to do."""
    with (
        server.empty_database() as url,
        pytest.raises(ConfigError, match="gate migrate"),
        running_gate(url),
    ):
        pass


def test_of_reports_to_two_nodes_one_is_kept(gate: Gate, second: Gate) -> None:
    """Each token is taken once and each attempt has one report, whichever node is asked."""
    gate.validate(REPOSITORY, "failure")
    waiting = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    run_id = gate.github.start_run(REPOSITORY, "production-validation.yml")
    gate.settle()
    view = gate.github.run_view(run_id)
    reporter = make_reporter(
        repository_id=view.repository_id,
        owner_id=gate.github.world.repository(REPOSITORY).owner.id,
        run_id=run_id,
    )

    def hand_in(node: Gate, number: int) -> str:
        report = make_validation_report(
            make_flow(f"flow-{number % 2}"), repository_id=view.repository_id, run_id=run_id
        )
        told = replace(reporter, token_id=f"token-{number // 2}")
        try:
            receive(Submission(told, report), node.service.deps)
        except ReportRejected as error:
            return error.reason
        return "taken"

    tries = [partial(hand_in, node, number) for number in range(4) for node in (gate, second)]
    outcomes = Counter(at_once(tries))
    assert outcomes["taken"] in {1, 2}
    assert set(outcomes) <= {"taken", "token_replayed", "report_conflict"}
    kinds = [it.kind for it in gate.trail(run_id)]
    assert kinds.count("report.received") == 1
    gate.settle()
    assert gate.record(waiting).state == RequestState.WAITING


def test_two_nodes_open_one_issue(gate: Gate, second: Gate) -> None:
    """Whoever takes an incident's issue first opens it; the other leaves it alone."""
    gate.github.add_fault(Fault(path="/issues$", method="POST", times=1, status=403))
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert gate.github.issues_of(REPOSITORY) == []
    gate.github.advance(3_700)
    gate.github.set_latency(0.2)
    at_once([partial(node.service.worker.do, Work.ISSUES) for node in (gate, second)])
    assert len(gate.github.issues_of(REPOSITORY)) == 1
