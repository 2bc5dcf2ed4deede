"""How a validation must relate to what is deployed."""

from typing import Final

import pytest

from gate.domain.counting import newest_infrastructure
from gate.domain.evidence import Evidence, judge
from gate.domain.policy import Covers, ValidationRule, ValidationState
from gate.domain.runs import WorkflowRun
from tests.builders import (
    BRANCH,
    FORK,
    NOW,
    OTHER_SHA,
    REPOSITORY,
    SHA,
    TERRAFORM,
    TICK,
    VALIDATION,
    before,
    make_infrastructure,
    make_rule,
    make_run,
)


def judged(
    *validations: WorkflowRun,
    rule: ValidationRule | None = None,
    infrastructure: tuple[WorkflowRun, ...] = (),
) -> Evidence:
    """Judge these runs by the default rule, or another, at `NOW`."""
    return judge(
        rule or make_rule(),
        validations,
        infrastructure,
        repository_id=REPOSITORY,
        default_branch=BRANCH,
        head_sha=SHA,
        now=NOW,
    )


def state_of(
    *validations: WorkflowRun,
    rule: ValidationRule | None = None,
    infrastructure: tuple[WorkflowRun, ...] = (),
) -> ValidationState:
    """Say in which state these runs leave the validation."""
    return judged(*validations, rule=rule, infrastructure=infrastructure).state


INFRASTRUCTURE: Final = make_rule(covers=Covers.INFRASTRUCTURE)


def test_covers_latest() -> None:
    """A policy that asks for nothing more takes a green of another commit."""
    assert state_of(make_run(head_sha=OTHER_SHA)) is ValidationState.PASSED


@pytest.mark.parametrize(
    ("sha", "state"), [(SHA, ValidationState.PASSED), (OTHER_SHA, ValidationState.UNCOVERED)]
)
def test_covers_same_commit(sha: str, state: ValidationState) -> None:
    """A green of another commit does not cover the one that is deployed."""
    assert state_of(make_run(head_sha=sha), rule=make_rule(covers=Covers.SAME_COMMIT)) is state


def test_same_commit_does_not_fall_back() -> None:
    """An older green of this very commit does not help when a newer run validated another."""
    newest = make_run(run_id=502, head_sha=OTHER_SHA, started_at=before(minutes=10))
    rule = make_rule(covers=Covers.SAME_COMMIT)
    assert state_of(make_run(), newest, rule=rule) is ValidationState.UNCOVERED


@pytest.mark.parametrize(
    ("finished", "state"),
    [
        (before(hours=1) - TICK, ValidationState.PASSED),
        (before(hours=1), ValidationState.UNCOVERED),
        (before(hours=1) + TICK, ValidationState.UNCOVERED),
    ],
)
def test_covers_infrastructure(finished: object, state: ValidationState) -> None:
    """A validation covers the last infrastructure change only if it started after its end."""
    change = make_infrastructure(updated_at=finished)
    assert state_of(make_run(), rule=INFRASTRUCTURE, infrastructure=(change,)) is state


@pytest.mark.parametrize(
    "change",
    [
        {"path": VALIDATION},
        {"path": "acme/shop/.github/workflows/terraform-apply.yml"},
        {"conclusion": "failure"},
        {"conclusion": "brand_new"},
        {"conclusion": None},
        {"status": "in_progress"},
        {"status": "brand_new"},
        {"repository_id": FORK},
        {"head_repository_id": FORK},
        {"head_repository_id": None},
    ],
    ids=str,
)
def test_unknown_infrastructure(change: dict[str, object]) -> None:
    """Without a successful infrastructure run of this repository a green covers nothing."""
    runs = (make_infrastructure(**change),)
    assert state_of(make_run(), rule=INFRASTRUCTURE, infrastructure=runs) is (
        ValidationState.UNCOVERED
    )
    assert newest_infrastructure(runs, INFRASTRUCTURE, REPOSITORY) is None


def test_infrastructure_of_any_branch() -> None:
    """An infrastructure change from any branch and by any event counts."""
    change = make_infrastructure(
        head_branch="hotfix", event="pull_request", updated_at=before(minutes=1)
    )
    assert state_of(make_run(), rule=INFRASTRUCTURE, infrastructure=(change,)) is (
        ValidationState.UNCOVERED
    )


def test_newest_infrastructure() -> None:
    """The change that ended last decides, then the higher id, then the higher attempt."""
    long_ago = make_infrastructure(run_id=409, updated_at=before(hours=9))
    lower = make_infrastructure(run_id=401)
    higher = make_infrastructure(run_id=402)
    again = make_infrastructure(run_id=402, run_attempt=2)
    found = newest_infrastructure([again, long_ago, higher, lower], INFRASTRUCTURE, REPOSITORY)
    assert found == again
    found = newest_infrastructure([lower, higher, long_ago], INFRASTRUCTURE, REPOSITORY)
    assert found == higher


@pytest.mark.parametrize(
    ("rerun", "state"),
    [
        ({}, ValidationState.UNCOVERED),
        ({"started_at": before(hours=1)}, ValidationState.UNCOVERED),
        ({"started_at": before(hours=1) - TICK}, ValidationState.PASSED),
        ({"conclusion": "cancelled"}, ValidationState.UNCOVERED),
        ({"status": "in_progress", "conclusion": None}, ValidationState.UNCOVERED),
        ({"run_attempt": 1}, ValidationState.PASSED),
        ({"path": VALIDATION}, ValidationState.PASSED),
        ({"repository_id": FORK}, ValidationState.PASSED),
        ({"head_repository_id": FORK}, ValidationState.PASSED),
    ],
    ids=str,
)
def test_a_rerun_hides_how_the_run_ended_first(
    rerun: dict[str, object], state: ValidationState
) -> None:
    """GitHub lists the last attempt only: the first may have changed what the green did not see."""
    values: dict[str, object] = {
        "run_id": 402,
        "run_attempt": 2,
        "conclusion": "failure",
        "started_at": before(minutes=30),
        "updated_at": before(minutes=20),
    }
    known, hiding = make_infrastructure(), make_infrastructure(**values | rerun)
    for infrastructure in ((known, hiding), (hiding, known)):
        evidence = judged(make_run(), rule=INFRASTRUCTURE, infrastructure=infrastructure)
        assert (evidence.state, evidence.infrastructure) == (state, known)
    later = make_run(started_at=before(minutes=10))
    assert state_of(later, rule=INFRASTRUCTURE, infrastructure=(known, hiding)) is (
        ValidationState.PASSED
    )
    assert state_of(later, rule=INFRASTRUCTURE, infrastructure=(hiding,)) is (
        ValidationState.UNCOVERED
    )


@pytest.mark.parametrize("covers", [Covers.LATEST, Covers.SAME_COMMIT])
def test_a_rerun_matters_where_infrastructure_does(covers: Covers) -> None:
    """A policy that does not ask for the last change does not ask how re-runs ended either."""
    hiding = make_infrastructure(run_attempt=2, conclusion="failure", started_at=NOW)
    rule = make_rule(covers=covers)
    assert state_of(make_run(), rule=rule, infrastructure=(hiding,)) is ValidationState.PASSED


def test_named_infrastructure_workflow() -> None:
    """Only the infrastructure workflow that the policy names counts."""
    rule = make_rule(covers=Covers.INFRASTRUCTURE, infrastructure_workflow="other.yml")
    runs = [make_infrastructure(path=TERRAFORM)]
    assert newest_infrastructure(runs, rule, REPOSITORY) is None


@pytest.mark.parametrize("conclusion", ["failure", "cancelled"])
def test_cover_does_not_excuse(conclusion: str) -> None:
    """A run that covers the change must still be green."""
    run = make_run(conclusion=conclusion)
    state = state_of(run, rule=INFRASTRUCTURE, infrastructure=(make_infrastructure(),))
    assert state is not ValidationState.PASSED


def test_what_the_evidence_names() -> None:
    """The evidence names the run it rests on and the infrastructure run it came after."""
    change, run = make_infrastructure(), make_run()
    evidence = judged(run, rule=INFRASTRUCTURE, infrastructure=(change,))
    assert (evidence.run, evidence.infrastructure) == (run, change)
