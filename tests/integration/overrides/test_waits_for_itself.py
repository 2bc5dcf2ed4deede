"""A validation that waits for the gated environment itself can be released by an override."""

from __future__ import annotations

import pytest

from tests.integration.overrides.override_steps import POLICY, WHY, released
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


def waiting_for_itself(gate: Gate, workflow: str) -> int:
    """Let a run that counts as the validation reach the gated environment itself."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    run_id = gate.github.start_run(REPOSITORY, workflow)
    gate.github.reach_environment(run_id, ENVIRONMENT, "flows")
    gate.settle()
    return run_id


@pytest.mark.parametrize("workflow", ["production-validation.yml", "deploy-frontend.yml"])
def test_a_validation_that_waits_for_itself_is_named_and_can_be_released(
    gate: Gate, workflow: str
) -> None:
    """Its job uses the gated environment, or it shares a workflow with the deployment."""
    text = (
        "version: 1\nenvironments:\n  production-frontend:\n"
        f"    validation: {{workflow: {workflow}}}\n    override: {{holds: [inconclusive]}}\n"
    )
    gate.github.put_file(REPOSITORY, POLICY, text)
    run_id = waiting_for_itself(gate, workflow)
    assert gate.record(run_id).reasons == ("validation_waits_for_itself",)
    (report,) = gate.reports(run_id)
    assert "in a separate workflow" in (report.comment or "")
    gate.github.advance(60)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert released(gate, run_id)


def test_what_waits_for_such_a_validation_is_told_so(gate: Gate) -> None:
    """A deployment before it that shares its workflow, and one of a workflow of its own."""
    workflow = "production-validation.yml"
    first = waiting_for_itself(gate, workflow)
    gate.github.advance(60)
    second = waiting_for_itself(gate, workflow)
    other = gate.github.deploy(REPOSITORY).run_id
    gate.advance(minutes=6)
    for run_id in (first, second, other):
        assert gate.record(run_id).reasons == ("validation_waits_for_itself",)


def test_a_validation_that_runs_is_waited_for(gate: Gate) -> None:
    """Although a deployment of another workflow waits meanwhile."""
    gate.github.start_run(REPOSITORY, "production-validation.yml")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_running",)
