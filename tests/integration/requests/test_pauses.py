"""A process that was stopped in the middle of a pass answers nothing by what it knew before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate
from tests.support.postgres import PostgresServer

_REVIEW = "deployment_protection_rule$"


@pytest.fixture
def gate(server: PostgresServer) -> Iterator[Gate]:
    """Provide a gate on a PostgreSQL database, with one gated repository."""
    with server.migrated_database() as url, running_gate(url) as running:
        yield running


def meanwhile(gate: Gate, place: str, happens: Callable[[], None]) -> None:
    """Stop the first node once at a place of a pass, and let something happen meanwhile."""

    def stop(here: str) -> None:
        if here == place:
            gate.failpoint = lambda _: None
            happens()

    gate.failpoint = stop


def kinds(gate: Gate, run_id: int) -> list[str]:
    """Name what the trail has of a run."""
    return [entry.kind for entry in gate.trail(run_id)]


def test_a_process_that_slept_sends_nothing(gate: Gate, second: Gate) -> None:
    """Ten minutes later another node has taken over and seen red: the green is not sent."""
    gate.validate(REPOSITORY, "success")
    gate.settle()

    def red() -> None:
        gate.github.advance(600)
        gate.validate(REPOSITORY, "failure")
        second.settle()
        assert second.record(run_id).reasons == ("validation_failed",)

    run_id = gate.github.deploy(REPOSITORY).run_id
    meanwhile(gate, "decided", red)
    gate.settle()
    second.settle()
    assert gate.answers(run_id) == []
    assert gate.record(run_id).state == RequestState.WAITING
    assert "bypass.detected" not in kinds(gate, run_id)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert [it.state for it in gate.answers(run_id)] == ["approved"]


def turn_red(gate: Gate, second: Gate) -> None:
    """Let a validation fail ten minutes later, which only the other node reads."""
    gate.github.advance(600)
    gate.validate(REPOSITORY, "failure")
    second.settle()


@pytest.mark.parametrize(("seconds", "sent"), [(5, True), (6, False)])
def test_how_old_a_decision_may_be(gate: Gate, seconds: int, *, sent: bool) -> None:
    """Five seconds; one that is older is made anew, on the facts of now, and sent then."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    run_id = gate.github.deploy(REPOSITORY).run_id
    meanwhile(gate, "decided", lambda: gate.github.advance(seconds - 0.5))
    gate.settle()
    gate.advance(seconds=1)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    postponed = "review.postponed" in kinds(gate, run_id)
    assert postponed is not sent


def test_an_answer_that_arrives_after_all_is_on_record(gate: Gate, second: Gate) -> None:
    """The process stops after the call: GitHub has the answer, the other node believes it lost.

    A required reviewer keeps the environment pending, so that a look does not show the answer.
    """
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "success")
    gate.settle()

    run_id = gate.github.deploy(REPOSITORY).run_id
    meanwhile(gate, "sent", lambda: turn_red(gate, second))
    gate.settle()
    second.settle()
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    assert "review.sent" in kinds(gate, run_id)
    assert gate.record(run_id).state == RequestState.APPROVED
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.advance(minutes=5)
    assert "bypass.detected" not in kinds(gate, run_id)


def test_a_review_that_was_believed_lost_is_no_bypass(gate: Gate, second: Gate) -> None:
    """The process dies after the call, with the answer on no record but GitHub's."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "success")
    gate.settle()
    fault = Fault("deployment_protection_rule$", method="POST", status=502, apply=True, times=1)
    gate.github.add_fault(fault)

    run_id = gate.github.deploy(REPOSITORY).run_id
    meanwhile(gate, "sent", lambda: turn_red(gate, second))
    gate.settle()
    second.settle()
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    for _ in range(4):
        gate.advance(minutes=1)
    assert gate.github.run_view(run_id).status == "in_progress"
    assert "bypass.detected" not in kinds(gate, run_id)
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_report_that_nothing_waits_for_tells_of_an_answer_that_was_lost(gate: Gate) -> None:
    """It turned red meanwhile; a required reviewer keeps the environment pending."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.github.add_fault(Fault(_REVIEW, method="POST", status=502, apply=True, times=1))

    def red() -> None:
        gate.validate(REPOSITORY, "failure")

    meanwhile(gate, "sent", red)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    for _ in range(3):
        gate.advance(minutes=1)
    assert gate.record(run_id).state == RequestState.APPROVED
    assert "review.landed" in kinds(gate, run_id)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    gate.advance(minutes=5)
    assert "bypass.detected" not in kinds(gate, run_id)


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_an_answer_that_was_lost_is_given_again_before_another(gate: Gate, state: str) -> None:
    """GitHub has it, and says so; nothing else is said meanwhile."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "success" if state == "approved" else "failure")
    if state == "rejected":
        text = (
            "version: 1\nenvironments:\n"
            "  production-frontend: {validation: {}, when: {failed: reject}}\n"
        )
        gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", text)
    gate.settle()
    gate.github.add_fault(Fault(_REVIEW, method="POST", status=502, apply=True, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    for _ in range(3):
        gate.advance(minutes=1)
    assert gate.record(run_id).state == state
    assert [(it.state, it.status) for it in gate.github.reviews(run_id)][1:] in (
        [],
        [("approved", 422)],
    )


_LATER = {
    "nothing else": None,
    "a limit (403)": Fault(_REVIEW, method="POST", status=403, headers={"retry-after": "60"}),
    "a limit (429)": Fault(_REVIEW, method="POST", status=429, headers={"retry-after": "60"}),
    "nothing pends": Fault(
        _REVIEW,
        method="POST",
        status=422,
        body='{"message": "No pending deployment requests to approve or reject"}',
    ),
}


@pytest.mark.parametrize("later", _LATER.values(), ids=_LATER)
@pytest.mark.parametrize("turns_red", [True, False])
def test_what_came_of_the_next_try_makes_no_bypass_of_the_first(
    gate: Gate, later: Fault | None, *, turns_red: bool
) -> None:
    """GitHub has our approval, whose answer was lost; a reviewer lets the deployment go on."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.github.add_fault(Fault(_REVIEW, method="POST", status=502, apply=True, times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    if later is not None:
        gate.github.add_fault(replace(later, times=1))
    gate.advance(seconds=20)
    if turns_red:
        gate.validate(REPOSITORY, "failure")
        gate.settle()
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    for _ in range(6):
        gate.advance(minutes=1)
    assert [it.state for it in gate.answers(run_id)] == ["approved"]
    assert "bypass.detected" not in kinds(gate, run_id)
    assert gate.record(run_id).state == RequestState.APPROVED
