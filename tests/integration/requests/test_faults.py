"""What happens when GitHub fails, the database fails, or the process dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gate.domain.model.request import RequestState
from gate.reconciler.ingest.ingest import ingest
from gate.reconciler.ingest.room import Room
from gate.reconciler.requests.reconcile import Begun
from gate.simulator.faults import Fault
from gate.store.inbox import deliveries
from tests.support.crashes import Crash
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, reconcile, wait_for

REVIEW = "deployment_protection_rule$"


def test_a_lost_response_is_looked_up_and_not_repeated(gate: Gate) -> None:
    """When GitHub applied a review and its answer was lost, it is found applied, not sent again."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault(REVIEW, method="POST", damage="close", apply=True, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(seconds=5)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1
    assert gate.github.totals().decisions == 1
    assert "review.landed" in [entry.kind for entry in gate.trail(run_id)]


def test_a_review_that_was_lost_on_its_way_is_sent_again(gate: Gate) -> None:
    """When the gate still pends after a lost answer, the review had not arrived and is repeated."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault(REVIEW, method="POST", damage="close", times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(seconds=5)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1


def test_reviews_that_met_at_github_are_tried_again_at_once(gate: Gate) -> None:
    """GitHub refuses a review while another of the same run is under way, for a moment only."""
    gate.validate(REPOSITORY, "success")
    said = '{"message": "There was a problem approving one of the gates"}'
    gate.github.add_fault(Fault(REVIEW, method="POST", status=422, body=said, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.answers(run_id) == []
    gate.advance(seconds=5)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1


def test_an_answer_that_did_not_arrive_is_decided_anew(gate: Gate) -> None:
    """When the validation turns red before a lost approval is repeated, nothing is approved."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault(REVIEW, method="POST", status=502, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.validate(REPOSITORY, "failure")
    gate.advance(seconds=5)
    assert gate.record(run_id).state == RequestState.WAITING
    assert gate.answers(run_id) == []


def test_github_down_holds_and_the_answer_comes_when_it_is_back(gate: Gate) -> None:
    """While GitHub answers nothing but errors nothing is approved; afterwards everything is."""
    gate.validate(REPOSITORY, "success")
    number = gate.github.add_fault(Fault("", status=502))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(minutes=3)
    assert gate.record(run_id).state != RequestState.APPROVED
    gate.github.clear_faults(number)
    gate.advance(minutes=10)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1


def test_a_storm_of_502_that_apply_all_the_same_gives_one_answer(gate: Gate) -> None:
    """Reviews that GitHub applies but answers with 502 are never applied twice."""
    gate.validate(REPOSITORY, "success")
    number = gate.github.add_fault(Fault(REVIEW, method="POST", status=502, apply=True))
    runs = [gate.github.deploy(REPOSITORY).run_id for _ in range(5)]
    gate.settle()
    gate.advance(seconds=20)
    gate.github.clear_faults(number)
    gate.advance(minutes=10)
    for run_id in runs:
        assert len(gate.answers(run_id)) == 1
        assert gate.record(run_id).state == RequestState.APPROVED


@pytest.mark.parametrize("damage", ["html", "truncate"])
def test_nonsense_from_github_is_not_believed(gate: Gate, damage: str) -> None:
    """An answer that is no JSON of GitHub's is an outage, not an empty list."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault("/actions/workflows/", damage=damage))  # type: ignore[arg-type]
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons[0] == "facts_unavailable"
    gate.github.clear_faults()
    gate.advance(minutes=1)
    assert gate.record(run_id).state == RequestState.APPROVED


def test_retry_after_is_honored(gate: Gate) -> None:
    """After a rate limit nothing is sent before GitHub said it may be."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    limited = Fault(REVIEW, method="POST", status=429, headers={"Retry-After": "120"}, times=1)
    gate.github.add_fault(limited)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(seconds=110)
    assert gate.answers(run_id) == []
    gate.advance(seconds=120)
    assert len(gate.answers(run_id)) == 1


def test_backoff_survives_a_restart(gate: Gate) -> None:
    """A restart does not forget that GitHub asked to be left alone."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    limited = Fault(REVIEW, method="POST", status=429, headers={"Retry-After": "120"}, times=1)
    gate.github.add_fault(limited)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.restart()
    gate.advance(seconds=60)
    assert gate.answers(run_id) == []
    gate.advance(seconds=120)
    assert len(gate.answers(run_id)) == 1


def test_a_missing_permission_keeps_the_request_and_is_tried_again(gate: Gate) -> None:
    """Without the right to answer the deployment stays held until somebody grants it."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_fault(Fault(REVIEW, method="POST", status=403, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.ANSWERING
    gate.advance(minutes=2)
    assert gate.record(run_id).state == RequestState.APPROVED


@pytest.mark.parametrize("room", [16, 0], ids=["begun with its delivery", "begun by a hint"])
@pytest.mark.parametrize("place", ["taken", "decided", "begun", "sent", "settled"])
def test_a_crash_between_any_two_commits_loses_and_doubles_nothing(
    gate: Gate, place: str, room: int
) -> None:
    """Wherever a pass dies, the restarted service gives exactly one answer."""
    gate.room = room

    def die(at: str) -> None:
        if at == place:
            raise Crash

    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.failpoint = die
    with pytest.raises(Crash):
        gate.settle()
    gate.failpoint = lambda _: None
    gate.restart()
    gate.settle()
    gate.advance(minutes=1)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1
    assert gate.github.totals().decisions == 1


def test_a_pass_that_fails_harms_no_other_in_its_commit(gate: Gate) -> None:
    """Deliveries are recorded all the same; the broken request stays due, and fails alone."""
    installation_id = gate.github.create_installation("broken-org")
    gate.github.create_repository("broken-org/frontend", installation_id)
    gate.github.protect_environment("broken-org/frontend", ENVIRONMENT)
    for name in (REPOSITORY, "broken-org/frontend"):
        gate.validate(name, "success")
        gate.github.deploy(name)
        gate.settle()
    whole = gate.github.deploy(REPOSITORY).run_id
    broken = gate.github.deploy("broken-org/frontend").run_id
    gate.github.wait_until_delivered()
    repository_id = gate.github.run_view(broken).repository_id
    # What a pass reads and an ingest does not.
    spoil = text("UPDATE runs SET value = '{' WHERE repository_id = :id AND conclusion = 'success'")
    database, deps = gate.service.database, gate.service.deps
    database.transact(lambda tx: tx.execute(spoil, {"id": repository_id}).close())
    ids = gate.due_deliveries()
    with pytest.raises(ValueError, match="truncated"):
        ingest(ids, deps, begin=Room.for_all(16))
    queue = gate.service.queues.requests
    with ThreadPoolExecutor(16) as free:
        taken = [free.submit(queue.next) for _ in range(16)]
        wait_for(lambda: queue.room().free == 16, "threads that are free")
        gate.service.worker._intake.read(ids, begin=Room.for_all(16))
        queue.close()
    assert not [it for it in taken if isinstance(it.result(), Begun)]
    assert not database.read(lambda snapshot: deliveries.read_deliveries(snapshot, ids))
    assert reconcile(gate.record(whole).id, deps)
    assert gate.record(whole).state == RequestState.APPROVED
    assert gate.record(broken).state == RequestState.OPEN
    with pytest.raises(ValueError, match="truncated"):
        reconcile(gate.record(broken).id, deps)


def test_a_database_that_cannot_be_written_refuses_and_recovers(gate: Gate) -> None:
    """What cannot be stored is answered with 503, so that GitHub can deliver it again."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.service.database.close()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    failed = [it for it in gate.github.deliveries() if it.status != "OK"]
    assert {it.status_code for it in failed} == {503}
    gate.restart()
    gate.sweep()
    assert gate.record(run_id).state == RequestState.APPROVED
