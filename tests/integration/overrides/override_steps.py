"""Hold a deployment, override it in each way, and read what the gate recorded."""

from __future__ import annotations

from gate.domain.model.request import RequestState
from gate.simulator.state.records import StatusRecord
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

OVERRIDE_ENVIRONMENT = f"{ENVIRONMENT}-override"
WHY = "I accept the risk: checkout is down and this build fixes it."
POLICY = ".github/deployment-gate.yml"


def held(gate: Gate, **more: object) -> int:
    """Hold a deployment because production validation is red."""
    gate.validate(REPOSITORY, "failure")
    gate.github.advance(60)
    run_id = gate.github.deploy(REPOSITORY, **more).run_id  # type: ignore[arg-type]
    gate.settle()
    assert gate.record(run_id).state == RequestState.WAITING
    return run_id


def held_for_review(gate: Gate, reviewer: str = "carol") -> int:
    """Hold a deployment that required reviewers are asked about as well."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=[reviewer])
    run_id = held(gate)
    gate.github.advance(60)
    return run_id


def comment(gate: Gate, author: str, body: str) -> tuple[int, int]:
    """Write a comment on a new issue; give the issue's number and the comment's id."""
    gate.github.advance(60)
    number = gate.github.open_issue(REPOSITORY, "Validation is red")
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, author, body)
    gate.settle()
    return number, comment_id


def override_run(gate: Gate, run_id: int, comment: str, reviewer: str = "carol") -> int:
    """Dispatch the override workflow for a run, and approve its environment."""
    gate.github.protect_environment(
        REPOSITORY, OVERRIDE_ENVIRONMENT, reviewers=[reviewer], custom_rule=False
    )
    gate.github.advance(60)
    return approve_override_run(gate, run_id, comment, reviewer)


def approve_override_run(gate: Gate, run_id: int, comment: str, reviewer: str = "carol") -> int:
    """Start a run of the override workflow, and approve the override environment."""
    own = gate.github.start_run(
        REPOSITORY,
        "override-production-frontend.yml",
        event="workflow_dispatch",
        title=f"Override of run {run_id}",
    )
    gate.github.progress_run(own)
    gate.github.reach_environment(own, OVERRIDE_ENVIRONMENT, "override")
    gate.github.review_as(reviewer, own, OVERRIDE_ENVIRONMENT, "approved", comment)
    gate.settle()
    return own


def kinds(gate: Gate, run_id: int) -> list[str]:
    """List what the trail tells of a run."""
    return [entry.kind for entry in gate.trail(run_id)]


def released(gate: Gate, run_id: int) -> bool:
    """Return whether the gate has let a run go on because of an override."""
    found = gate.record(run_id)
    return found.state == RequestState.APPROVED and found.reasons[0] == "override"


REVIEWERS = """version: 1
environments:
  production-frontend:
    override:
      reviewers: ["team:octo-org/owners", "user:Dave", "permission:maintain"]
      approvals: 2
"""


def mirrors(gate: Gate, deployment_id: int) -> list[StatusRecord]:
    """List the statuses that the gate has added to a deployment."""
    return [it for it in gate.github.deployment_statuses(deployment_id) if it.app_id is not None]
