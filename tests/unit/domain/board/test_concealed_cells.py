"""What the board says of an environment whose policy the reader may not see."""

from __future__ import annotations

from typing import Final

import pytest

from gate.domain.board.cell import PlaceFacts
from gate.domain.board.words import make_cell
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.policy.policy import (
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Policy,
    Problem,
    ValidationRule,
    ValidationState,
)
from gate.domain.requests.decision import ReasonCode
from tests.support.builders.defaults import DIGEST, ENVIRONMENT
from tests.unit.domain.board.test_cells import QUEUE, waits

BROKEN: Final = InvalidPolicy((Problem(6, 3, "hushed", "wrong"),), DIGEST, "acme/.github")
RULE: Final = EnvironmentPolicy(ValidationRule(workflow="hushed.yml", branch="hushed"))
LOADED: Final = LoadedPolicy(Policy({ENVIRONMENT: RULE}), DIGEST, "acme/.github")
MISSING: Final = Evidence(ValidationState.MISSING, None, "")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (
            PlaceFacts(ENVIRONMENT, BROKEN, is_concealed=True),
            "The organization's policy is invalid",
        ),
        (
            PlaceFacts(
                ENVIRONMENT,
                BROKEN,
                queue=QUEUE,
                decision=waits(ReasonCode.POLICY_INVALID, "acme/.github:\nline 6: hushed"),
                is_concealed=True,
            ),
            "The policy file is invalid",
        ),
        (
            PlaceFacts(ENVIRONMENT, LOADED, MISSING, is_concealed=True),
            "No run of the workflow that the organization's policy names",
        ),
    ],
    ids=["invalid", "held by an invalid one", "never validated"],
)
def test_a_concealed_policy_is_not_quoted(facts: PlaceFacts, why: str) -> None:
    """Neither its problems nor its values."""
    assert make_cell(facts).why == why
