"""A listing of runs that is empty once does not mean that there are no runs."""

from __future__ import annotations

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault, WebhookFault
from tests.integration.evidence.missed_reads import LISTING, deployed, reasons
from tests.support.harness import REPOSITORY, Gate


def lost_red(gate: Gate) -> None:
    """Let a red validation be known to GitHub alone, after a green one that the gate knows."""
    gate.validate(REPOSITORY, "success")
    deployed(gate)
    number = gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.github.clear_faults(number)
    gate.advance(minutes=11)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(LISTING, status=404, times=1),
        Fault(LISTING, status=200, body='{"total_count": 0, "workflow_runs": []}', times=1),
    ],
    ids=["404", "empty"],
)
def test_one_empty_listing_lets_no_older_green_decide(gate: Gate, fault: Fault) -> None:
    """Where there were runs, none at all is no listing: it is asked for again."""
    lost_red(gate)
    gate.github.add_fault(fault)
    run_id = deployed(gate)
    assert reasons(gate, run_id)[0] == "facts_unavailable"
    gate.advance(seconds=40)
    assert reasons(gate, run_id) == ("validation_failed",)


def test_runs_that_github_lists_no_more_are_none(gate: Gate) -> None:
    """A listing that is empty twice says that there is no validation, until the next one."""
    lost_red(gate)
    number = gate.github.add_fault(Fault(LISTING, status=404))
    run_id = deployed(gate)
    gate.advance(seconds=40)
    assert reasons(gate, run_id) == ("validation_missing",)
    gate.advance(minutes=30)
    assert reasons(gate, run_id) == ("validation_missing",)
    gate.github.clear_faults(number)
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_an_empty_listing_of_a_repository_that_cannot_be_read_is_none(gate: Gate) -> None:
    """However often it is empty, nothing is believed while the repository does not show."""
    lost_red(gate)
    gate.github.add_fault(Fault(f"{LISTING}|/repos/octo-org/frontend$", status=404))
    run_id = deployed(gate)
    gate.advance(minutes=10)
    assert reasons(gate, run_id)[0] == "facts_unavailable"


def test_a_late_webhook_brings_no_former_default_branch_back(gate: Gate) -> None:
    """What it tells contradicts what is known, so GitHub is asked on which branch to look."""
    world = gate.github.world
    gate.validate(REPOSITORY, "success")
    deployed(gate)
    delayed = WebhookFault("delay", event="workflow_run", action="completed", seconds=0.5, times=1)
    gate.github.add_webhook_fault(delayed)
    gate.validate(REPOSITORY, "success")
    gate.github.put_file(REPOSITORY, "README.md", "trunk", branch="trunk")
    found = world.repository(REPOSITORY)
    found.default_branch = "trunk"
    world.forget_shape(found)
    gate.validate(REPOSITORY, "failure")
    run_id = deployed(gate)
    assert reasons(gate, run_id) == ("validation_failed",)
