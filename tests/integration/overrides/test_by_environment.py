"""Override a held deployment by a workflow that uses the override environment."""

from __future__ import annotations

from gate.domain.model.request import RequestState
from tests.integration.overrides.override_steps import (
    OVERRIDE_ENVIRONMENT,
    WHY,
    held,
    override_run,
    released,
)
from tests.support.harness import REPOSITORY, Gate


def test_the_override_environment_releases_the_run_it_names(gate: Gate) -> None:
    """Green deployments need no human; a red one is released by the override workflow."""
    run_id = held(gate)
    own = override_run(gate, run_id, WHY)
    assert released(gate, run_id)
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "override.recorded"]
    assert entry.detail["channel"] == "environment"
    assert str(own) in str(entry.detail["url"])


def test_an_override_workflow_of_another_branch_counts_for_nothing(gate: Gate) -> None:
    """On a branch whoever pushes writes the workflow, its title included."""
    run_id = held(gate)
    gate.github.protect_environment(
        REPOSITORY, OVERRIDE_ENVIRONMENT, reviewers=["carol"], custom_rule=False
    )
    gate.github.advance(60)
    own = gate.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        branch="topic",
        event="workflow_dispatch",
        title=f"Override of run {run_id}",
    )
    gate.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
    gate.github.review_as("carol", own, OVERRIDE_ENVIRONMENT, "approved", WHY)
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    (entry,) = [it for it in gate.trail(own) if it.kind == "override.refused"]
    assert entry.reason == "override_run_untrusted"
