"""Which flows the board names, and what it says before anything is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from gate.domain.board.cell import CellState, PlaceFacts
from gate.domain.board.words import make_cell
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.policy.policy import BUILT_IN, LoadedPolicy, ValidationState
from tests.support.builders.defaults import DIGEST, ENVIRONMENT
from tests.support.builders.runs import make_run
from tests.support.incidents import make_failure, make_incident

LOADED: Final = LoadedPolicy(BUILT_IN, DIGEST, "acme/shop/.github/deployment-gate.yml")
RED: Final = Evidence(ValidationState.FAILED, make_run(conclusion="failure"), "")


@pytest.mark.parametrize(
    ("newly", "named"),
    [
        (None, ": a.yml, b.yml"),
        ((), ": a.yml, b.yml"),
        (("b.yml",), ": b.yml, newly failing"),
    ],
)
def test_new_failures_are_named_before_known_ones(
    newly: tuple[str, ...] | None, named: str
) -> None:
    """All that fail, where none is new or nobody can tell."""
    failure = replace(make_failure("a.yml", "b.yml"), newly_failing=newly)
    incident = make_incident("a.yml", failure=failure)
    cell = make_cell(PlaceFacts(ENVIRONMENT, LOADED, RED, incident=incident))
    assert cell.why.endswith(named)


def test_without_evidence_nothing_is_claimed() -> None:
    """The policy is known, and what the newest validation shows is not."""
    cell = make_cell(PlaceFacts(ENVIRONMENT, LOADED))
    assert (cell.state, cell.why) == (CellState.UNKNOWN, "No validation is known")
