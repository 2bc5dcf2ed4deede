"""What the board says of each environment, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest

from gate.domain.board.cell import (
    Cell,
    CellState,
    PlaceFacts,
    Queue,
    Trouble,
    by_trouble,
)
from gate.domain.board.words import make_cell
from gate.domain.evidence.evidence import Evidence
from gate.domain.model.ids import RequestId
from gate.domain.model.policy.policy import (
    BUILT_IN,
    EnvironmentPolicy,
    InvalidPolicy,
    LoadedPolicy,
    Mode,
    Policy,
    PolicyReading,
    Problem,
    UnavailablePolicy,
    ValidationState,
)
from gate.domain.requests.decision import Decision, Reason, ReasonCode, Verdict
from tests.support.builders.defaults import DIGEST, ENVIRONMENT, NOW, before
from tests.support.builders.requests import make_decision
from tests.support.builders.runs import make_run
from tests.support.incidents import make_incident

LOADED: Final = LoadedPolicy(BUILT_IN, DIGEST, "acme/shop/.github/deployment-gate.yml")
OBSERVING: Final = replace(
    LOADED, policy=Policy({ENVIRONMENT: EnvironmentPolicy(mode=Mode.OBSERVE)})
)
QUEUE: Final = Queue(RequestId(7), 1, before(minutes=12), NOW + timedelta(hours=23))


def shows(state: ValidationState, conclusion: str = "success") -> Evidence:
    """Return what a validation shows."""
    run = None if state is ValidationState.MISSING else make_run(conclusion=conclusion)
    return Evidence(state, run, "")


def waits(code: ReasonCode, detail: str = "") -> Decision:
    """Return a decision that holds."""
    return Decision(Verdict.WAIT, (Reason(code, detail),), None, DIGEST, NOW, NOW)


@dataclass(frozen=True)
class Case:
    """What is known of an environment, and how it is shown."""

    name: str
    facts: PlaceFacts
    state: CellState
    kind: str
    word: str
    why: str


def free(name: str, policy: PolicyReading | None, evidence: Evidence | None, *shown: str) -> Case:
    """Make a case in which nothing waits."""
    state, kind, word, why = shown
    return Case(name, PlaceFacts(ENVIRONMENT, policy, evidence), CellState(state), kind, word, why)


CASES: Final = [
    free(
        "passed",
        LOADED,
        shows(ValidationState.PASSED),
        "open",
        "pass",
        "open",
        "Production validation passed",
    ),
    free(
        "failed",
        LOADED,
        shows(ValidationState.FAILED, "failure"),
        "failed",
        "fail",
        "failed",
        "Production validation failed",
    ),
    free(
        "running",
        LOADED,
        shows(ValidationState.RUNNING),
        "validating",
        "run",
        "validating",
        "Production validation is still running",
    ),
    free(
        "cancelled",
        LOADED,
        shows(ValidationState.INCONCLUSIVE, "cancelled"),
        "blocked",
        "hold",
        "no result",
        "Production validation was inconclusive (cancelled)",
    ),
    free(
        "stale",
        LOADED,
        shows(ValidationState.STALE),
        "blocked",
        "hold",
        "too old",
        "The last production validation is too old",
    ),
    free(
        "missing",
        LOADED,
        shows(ValidationState.MISSING),
        "unvalidated",
        "none",
        "never validated",
        "No run of .github/workflows/production-validation.yml on the default branch",
    ),
    free(
        "observed, would pass",
        OBSERVING,
        shows(ValidationState.PASSED),
        "observed",
        "note",
        "observed",
        "Would be open: production validation passed",
    ),
    free(
        "observed, would hold",
        OBSERVING,
        shows(ValidationState.FAILED),
        "observed",
        "note",
        "observed",
        "Would have held: production validation failed",
    ),
    free(
        "policy invalid",
        InvalidPolicy((Problem(6, 3, "a", "wrong"),), DIGEST, "x"),
        None,
        "blocked",
        "hold",
        "policy invalid",
        "The policy file is invalid: line 6, column 3: a: wrong",
    ),
    free(
        "policy unavailable",
        UnavailablePolicy("gone"),
        None,
        "blocked",
        "hold",
        "policy unknown",
        "The gate cannot read the policy from GitHub: gone",
    ),
    free(
        "policy unread",
        None,
        None,
        "unknown",
        "none",
        "unknown",
        "The gate has not read the policy of this repository yet",
    ),
    free(
        "no entry",
        replace(LOADED, policy=Policy({})),
        None,
        "blocked",
        "hold",
        "no policy entry",
        "The policy has no entry for this environment",
    ),
    Case(
        "held by a failure",
        PlaceFacts(
            ENVIRONMENT, LOADED, queue=QUEUE, decision=waits(ReasonCode.VALIDATION_FAILED, "x")
        ),
        CellState.HELD,
        "fail",
        "on hold",
        "Production validation failed",
    ),
    Case(
        "held by a flow, with an override that is refused",
        PlaceFacts(
            ENVIRONMENT,
            LOADED,
            queue=QUEUE,
            incident=make_incident("checkout.yml"),
            decision=make_decision(
                Verdict.WAIT, ReasonCode.VALIDATION_FAILED, ReasonCode.OVERRIDE_INCOMPLETE
            ),
        ),
        CellState.HELD,
        "fail",
        "on hold",
        "Production validation failed: checkout.yml; the override is incomplete",
    ),
    Case(
        "held by a running validation",
        PlaceFacts(
            ENVIRONMENT,
            LOADED,
            queue=QUEUE,
            decision=make_decision(
                Verdict.WAIT,
                ReasonCode.VALIDATION_RUNNING,
                detail="the run is in progress",
                evidence=Evidence(
                    ValidationState.RUNNING, make_run(status="in_progress", conclusion=None), ""
                ),
            ),
        ),
        CellState.HELD,
        "hold",
        "on hold",
        "Production validation is still running",
    ),
    Case(
        "held by its policy",
        PlaceFacts(
            ENVIRONMENT,
            LOADED,
            queue=QUEUE,
            decision=waits(ReasonCode.POLICY_INVALID, "acme/shop/policy.yml:\nline 4: bad\nmore"),
        ),
        CellState.HELD,
        "hold",
        "on hold",
        "The policy file is invalid: line 4: bad",
    ),
    Case(
        "held for its cover",
        PlaceFacts(
            ENVIRONMENT,
            LOADED,
            shows(ValidationState.PASSED),
            queue=QUEUE,
            decision=waits(ReasonCode.VALIDATION_UNCOVERED, "it validated commit a\nmore"),
        ),
        CellState.HELD,
        "hold",
        "on hold",
        "The last production validation does not cover this deployment: it validated commit a",
    ),
    Case(
        "not decided yet",
        PlaceFacts(ENVIRONMENT, LOADED, queue=QUEUE),
        CellState.HELD,
        "run",
        "deciding",
        "The gate has not decided yet",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda it: it.name)
def test_a_cell_says_its_state_and_why(case: Case) -> None:
    """By what waits, and else by what the next deployment would meet."""
    cell = make_cell(case.facts)
    assert (cell.state, cell.kind, cell.word, cell.why) == (
        case.state,
        case.kind,
        case.word,
        case.why,
    )


def test_repositories_are_sorted_by_trouble_then_name() -> None:
    """Held by a failure first, then held, then failed, then the rest."""

    def cell(state: CellState, kind: str) -> Cell:
        return Cell(ENVIRONMENT, state, kind, "", "")

    rows = {
        "acme/Open": cell(CellState.OPEN, "pass"),
        "acme/also": cell(CellState.OBSERVED, "note"),
        "acme/failed": cell(CellState.FAILED, "fail"),
        "acme/held": cell(CellState.HELD, "hold"),
        "acme/red": cell(CellState.HELD, "fail"),
    }
    keys = {name: by_trouble({ENVIRONMENT: it}, name) for name, it in rows.items()}
    expected = ["acme/red", "acme/held", "acme/failed", "acme/also", "acme/Open"]
    assert sorted(keys, key=keys.__getitem__) == expected
    assert by_trouble({}, "x")[0] is Trouble.NONE
