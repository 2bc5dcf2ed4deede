"""How a validation must relate to what is deployed."""

from datetime import datetime
from typing import Final

import pytest

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.judge import judge, judge_facts
from gate.domain.evidence.relevance import ValidationScope, last_change
from gate.domain.model.policy.policy import Covers, ValidationRule, ValidationState
from gate.domain.model.runs import WorkflowRun
from tests.support.builders.defaults import (
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
)
from tests.support.builders.policies import make_rule
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_infrastructure, make_run


def judged(
    *validations: WorkflowRun,
    rule: ValidationRule | None = None,
    infrastructure: tuple[WorkflowRun, ...] = (),
) -> Evidence:
    """Judge these runs by the default rule, or another, at `NOW`."""
    return judge(
        ValidationScope(rule or make_rule(), REPOSITORY, BRANCH),
        validations,
        infrastructure,
        infrastructure_since=None,
        head_sha=SHA,
        now=NOW,
    )


def state_of(
    *validations: WorkflowRun,
    rule: ValidationRule | None = None,
    infrastructure: tuple[WorkflowRun, ...] = (),
) -> ValidationState:
    """Return in which state these runs leave the validation."""
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


def last(*changes: WorkflowRun, rule: ValidationRule = INFRASTRUCTURE) -> WorkflowRun | None:
    """Find the change that ends last."""
    return last_change(changes, ValidationScope(rule, REPOSITORY, BRANCH))


@pytest.mark.parametrize(
    "change",
    [
        {"path": VALIDATION},
        {"path": "acme/shop/.github/workflows/terraform-apply.yml"},
        {"head_branch": "hotfix"},
        {"head_branch": None},
        {"event": "pull_request"},
        {"event": "pull_request_target"},
        {"conclusion": "skipped"},
        {"repository_id": FORK},
        {"head_repository_id": FORK},
        {"head_repository_id": None},
    ],
    ids=str,
)
def test_what_is_no_change(change: dict[str, object]) -> None:
    """It ends no cover; but where nothing else is known, a green covers nothing."""
    other = make_infrastructure(updated_at=before(minutes=1), **change)
    assert last(other) is None
    known = make_infrastructure(run_id=402)
    for changes in ((other, known), (known, other)):
        assert judged(make_run(), rule=INFRASTRUCTURE, infrastructure=changes).state is (
            ValidationState.PASSED
        )
    evidence = judged(make_run(), rule=INFRASTRUCTURE, infrastructure=(other,))
    assert evidence.state is ValidationState.UNCOVERED
    assert evidence.detail.startswith("GitHub lists no run of ")


@pytest.mark.parametrize(
    "conclusion",
    ["success", "failure", "cancelled", "timed_out", "startup_failure", "neutral", "new", None],
)
def test_a_change_since_ends_the_cover_however_it_ended(conclusion: str | None) -> None:
    """What fails half-way has changed the half."""
    known = make_infrastructure()
    later = make_infrastructure(run_id=402, updated_at=before(minutes=30), conclusion=conclusion)
    evidence = judged(make_run(), rule=INFRASTRUCTURE, infrastructure=(known, later))
    assert (evidence.state, evidence.infrastructure) == (ValidationState.UNCOVERED, later)


@pytest.mark.parametrize("status", ["queued", "waiting", "in_progress", "brand_new"])
def test_a_change_that_is_not_over_ends_the_cover(status: str) -> None:
    """It says so in words of its own, whenever it began."""
    running = make_infrastructure(
        run_id=402, started_at=before(hours=9), status=status, conclusion=None
    )
    for changes in ((make_infrastructure(), running), (running, make_infrastructure())):
        evidence = judged(make_run(), rule=INFRASTRUCTURE, infrastructure=changes)
        assert (evidence.state, evidence.infrastructure) == (ValidationState.UNCOVERED, running)
        assert evidence.detail == (
            f"infrastructure run 402 is {status.replace('_', ' ')} and may still change production"
        )


def test_an_attempt_whose_end_was_not_heard_is_over_when_the_next_began() -> None:
    """GitHub re-runs only what has ended."""
    lost = make_infrastructure(status="in_progress", conclusion=None)
    again = make_infrastructure(run_attempt=2)
    assert last(lost, again) == again


def test_a_rerun_counts_even_if_it_ran_nothing() -> None:
    """The attempt before it, which may not be known, has changed something."""
    again = make_infrastructure(run_attempt=2, conclusion="skipped")
    assert last(again) == again


def test_the_last_change() -> None:
    """The one that ended last decides, then the higher id, then the higher attempt."""
    long_ago = make_infrastructure(run_id=409, updated_at=before(hours=9))
    lower = make_infrastructure(run_id=401)
    higher = make_infrastructure(run_id=402)
    again = make_infrastructure(run_id=402, run_attempt=2)
    assert last(again, long_ago, higher, lower) == again
    assert last(lower, higher, long_ago) == higher


@pytest.mark.parametrize("covers", [Covers.LATEST, Covers.SAME_COMMIT])
def test_changes_matter_where_they_must_be_covered(covers: Covers) -> None:
    """A policy that does not ask for it may have any change since."""
    change = make_infrastructure(status="in_progress", conclusion=None)
    rule = make_rule(covers=covers)
    assert state_of(make_run(), rule=rule, infrastructure=(change,)) is ValidationState.PASSED


@pytest.mark.parametrize(
    ("since", "state"),
    [
        (None, ValidationState.PASSED),
        (before(hours=1), ValidationState.PASSED),
        (before(hours=1) + TICK, ValidationState.UNCOVERED),
    ],
)
def test_changes_that_github_does_not_list_any_more(
    since: datetime | None, state: ValidationState
) -> None:
    """A validation from before the oldest run that is listed may lack a change."""
    facts = make_facts(
        validations=(make_run(),),
        infrastructure=(make_infrastructure(),),
        infrastructure_since=since,
    )
    assert judge_facts(INFRASTRUCTURE, facts, NOW).state is state


def test_named_infrastructure_workflow() -> None:
    """Only the infrastructure workflow that the policy names counts."""
    rule = make_rule(covers=Covers.INFRASTRUCTURE, infrastructure_workflow="other.yml")
    assert last(make_infrastructure(path=TERRAFORM), rule=rule) is None


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


def test_of_runs_that_go_on_the_one_that_began_last_counts() -> None:
    """When each was seen last says nothing."""
    running = {"status": "in_progress", "conclusion": None}
    early = make_infrastructure(
        run_id=801, started_at=before(minutes=9), updated_at=before(minutes=1), **running
    )
    late = make_infrastructure(
        run_id=800, started_at=before(minutes=5), updated_at=before(minutes=4), **running
    )
    assert last_change((early, late), ValidationScope(INFRASTRUCTURE, REPOSITORY, BRANCH)) == late


def test_another_commit_is_named() -> None:
    """By the short form that GitHub shows."""
    shown = judged(make_run(head_sha=OTHER_SHA), rule=make_rule(covers=Covers.SAME_COMMIT))
    assert shown.detail == f"it validated commit {OTHER_SHA[:7]}, but this deploys {SHA[:7]}"
