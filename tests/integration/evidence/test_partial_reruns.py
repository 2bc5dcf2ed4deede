"""A re-run of some of a validation's jobs renews nothing that the others have shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import Fault
from gate.simulator.switches import Switches
from tests.integration.evidence.report_requests import RED, post, start, token
from tests.integration.requests.test_policy_rules import POLICY, policy
from tests.support.harness import REPOSITORY, Gate, running_gate

COVERS = "    validation: {covers: infrastructure}\n"
BOTH = {"ios": "success", "android": "failure"}


@pytest.fixture(params=["all", "rerun"])
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gate]:
    """Provide a gate beside a GitHub that lists the jobs of an attempt in one way or the other."""
    switches = Switches(partial_rerun_lists=request.param)
    with running_gate(f"sqlite:///{tmp_path}/gate.db", switches=switches) as running:
        yield running


def held(gate: Gate) -> int:
    """Let a deployment ask, and give its run; it waits."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    return run_id


def rerun_failed(gate: Gate, validation: int) -> None:
    """Re-run the failed jobs of a validation; they end well."""
    gate.github.rerun_failed_jobs(validation)
    gate.github.complete_run(validation, "success")
    gate.settle()


def test_a_partial_rerun_does_not_cover_a_change_between(gate: Gate) -> None:
    """At 09:00 ios is green and android red, Terraform applies, and android alone runs again."""
    gate.github.put_file(REPOSITORY, POLICY, policy(COVERS))
    validation = gate.validate(REPOSITORY, "failure", jobs=BOTH)
    gate.advance(hours=2)
    gate.github.validate(REPOSITORY, "success", "terraform-apply.yml")
    gate.advance(hours=2)
    run_id = held(gate)
    rerun_failed(gate, validation)
    assert gate.record(run_id).reasons == ("validation_uncovered",)
    said = gate.reports(run_id)[-1].comment or ""
    assert "did not re-run job ios" in said
    assert "re-run all jobs" in said
    assert gate.answers(run_id) == []

    gate.advance(minutes=10)
    gate.github.rerun(validation)
    gate.github.complete_run(validation, "success", {"ios": "success", "android": "success"})
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_partial_rerun_is_as_old_as_its_oldest_job(gate: Gate) -> None:
    """After a day the re-run of one job opens nothing."""
    validation = gate.validate(REPOSITORY, "failure", jobs=BOTH)
    gate.advance(hours=25)
    run_id = held(gate)
    rerun_failed(gate, validation)
    assert gate.record(run_id).reasons == ("validation_stale",)


def test_a_partial_rerun_in_time_releases(gate: Gate) -> None:
    """Within the day, and with no change between, it is as good as any; its jobs are read once."""
    validation = gate.validate(REPOSITORY, "failure", jobs=BOTH)
    run_id = held(gate)
    gate.github.reset_totals()
    rerun_failed(gate, validation)
    assert gate.record(run_id).state == RequestState.APPROVED
    asked = gate.github.totals().requests
    about_runs = {
        it: count for it, count in asked.items() if it.startswith("GET ") and "/runs" in it
    }
    assert about_runs == {"GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs": 1}


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/jobs$", status=404),
        Fault("/jobs$", status=403),
        Fault("/jobs$", status=502),
        Fault("/jobs$", status=200, body='{"total_count": 0, "jobs": []}'),
    ],
    ids=["404", "403", "502", "empty"],
)
def test_jobs_that_cannot_be_read_prove_nothing(gate: Gate, fault: Fault) -> None:
    """The deployment waits until they can."""
    validation = gate.validate(REPOSITORY, "failure", jobs=BOTH)
    run_id = held(gate)
    gate.github.add_fault(fault)
    rerun_failed(gate, validation)
    assert gate.record(run_id).reasons[0] == "facts_unavailable"
    assert gate.answers(run_id) == []
    gate.github.clear_faults()
    gate.advance(minutes=6)
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_red_report_outlives_a_rerun_of_another_job(gate: Gate) -> None:
    """Clicking "re-run" on the job beside does not make the reported flow green."""
    validation = start(gate)
    assert post(gate, token(gate, validation), RED).status_code == 202
    jobs = {"maestro": "success", "tidy": "success"}
    gate.github.complete_run(validation, "success", jobs)
    run_id = held(gate)
    assert gate.record(run_id).reasons == ("validation_failed",)
    gate.github.rerun_job(validation, "tidy")
    gate.github.complete_run(validation, "success")
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)
    assert gate.answers(run_id) == []
