"""Put a policy on GitHub and a validation, and read why a deployment is held."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from gate.domain.model.request import RequestState
from tests.support.harness import REPOSITORY, Gate

POLICY: Final = ".github/deployment-gate.yml"
MISNAMED: Final = ".github/deployment-gate.yaml"
SHARED: Final = "octo-org/.github"
STRICT: Final = "version: 1\nenvironments:\n  production-frontend:\n    validation: {max_age: 1h}\n"
LAX: Final = STRICT.replace("1h", "23h")
POLICY_OF_OWN: Final = "/repos/octo-org/frontend/contents/.github/deployment-gate.yml$"
POLICY_OF_ALL: Final = "/repos/octo-org/.github/contents/.github/deployment-gate.yml$"
LISTING: Final = "/actions/workflows/production-validation.yml/runs$"


def installation(gate: Gate) -> int:
    """Return the only installation."""
    return next(iter(gate.github.world.installations))


def floor(gate: Gate, policy: str = STRICT) -> None:
    """Put a policy on the organization."""
    gate.github.create_repository(SHARED, installation(gate))
    gate.github.put_file(SHARED, POLICY, policy)


def aged(gate: Gate) -> None:
    """Let a pass be known that is too old for the strict policy, and the policy with it."""
    gate.validate(REPOSITORY, "success")
    deployed(gate)
    gate.advance(hours=2)


def deployed(gate: Gate) -> int:
    """Bring a deployment to the gate."""
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    return run_id


def reasons(gate: Gate, run_id: int) -> tuple[str, ...]:
    """Return the reasons for which a deployment is held."""
    record = gate.record(run_id)
    assert record.state == RequestState.WAITING
    assert gate.answers(run_id) == []
    return record.reasons


def policy_trail(gate: Gate) -> list[str]:
    """List what the trail says of policies."""
    kinds = text("SELECT kind FROM audit_entries WHERE kind LIKE 'policy.%' ORDER BY id")
    return gate.service.database.read(lambda it: [row.kind for row in it.execute(kinds)])
