"""What counts as evidence: the table of the policy, row by row."""

from datetime import timedelta

import pytest

from gate.domain.evidence.judge import judge
from gate.domain.evidence.relevance import ValidationScope
from gate.domain.model.policy.policy import ValidationState
from tests.support.builders.defaults import (
    BRANCH,
    FORK,
    NOW,
    REPOSITORY,
    SHA,
    TICK,
    VALIDATION,
    before,
)
from tests.support.builders.policies import make_rule
from tests.support.builders.runs import make_job, make_run
from tests.unit.domain.evidence.judged_runs import state_of


def test_green() -> None:
    """A fresh successful run of the named workflow passes."""
    assert state_of(make_run()) is ValidationState.PASSED


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
def test_failed(conclusion: str) -> None:
    """A run that failed, timed out or could not start has failed."""
    assert state_of(make_run(conclusion=conclusion)) is ValidationState.FAILED


@pytest.mark.parametrize("status", ["requested", "queued", "pending", "waiting", "in_progress"])
def test_running(status: str) -> None:
    """A run that is not over is running, whatever keeps it."""
    assert state_of(make_run(status=status, conclusion=None)) is ValidationState.RUNNING


@pytest.mark.parametrize(
    "conclusion",
    ["cancelled", "neutral", "stale", "action_required", "brand_new", "", "Success"],
)
def test_inconclusive(conclusion: str) -> None:
    """Any conclusion but success and the failures proves nothing, known or not."""
    assert state_of(make_run(conclusion=conclusion)) is ValidationState.INCONCLUSIVE


def test_completed_without_conclusion() -> None:
    """A run that is over and does not say how proves nothing."""
    assert state_of(make_run(conclusion=None)) is ValidationState.INCONCLUSIVE


@pytest.mark.parametrize("status", ["brand_new", "", "COMPLETED"])
def test_unknown_status(status: str) -> None:
    """A status that nobody knows proves nothing, even beside a success."""
    assert state_of(make_run(status=status)) is ValidationState.INCONCLUSIVE


@pytest.mark.parametrize("status", ["requested", "queued", "pending", "waiting", "in_progress"])
def test_success_before_the_end(status: str) -> None:
    """A run that claims success before it is over is still running."""
    assert state_of(make_run(status=status)) is ValidationState.RUNNING


def test_nothing_known() -> None:
    """Without any run the validation is missing."""
    assert state_of() is ValidationState.MISSING


@pytest.mark.parametrize(
    "change",
    [
        {"path": ".github/workflows/other.yml"},
        {"path": "acme/shop/.github/workflows/production-validation.yml"},
        {"path": VALIDATION.upper()},
        {"event": "pull_request"},
        {"event": "pull_request_target"},
        {"event": ""},
        {"head_branch": "feature"},
        {"head_branch": "MAIN"},
        {"head_branch": None},
        {"repository_id": FORK},
        {"head_repository_id": FORK},
        {"head_repository_id": None},
        {"repository_id": FORK, "head_repository_id": FORK},
    ],
    ids=str,
)
def test_run_that_does_not_count(change: dict[str, object]) -> None:
    """A run of another file, event, branch or repository, or from a fork, is no validation."""
    assert state_of(make_run(**change)) is ValidationState.MISSING


@pytest.mark.parametrize("event", make_rule().events)
def test_allowed_events(event: str) -> None:
    """Each event the policy allows may have started the validation."""
    assert state_of(make_run(event=event)) is ValidationState.PASSED


def test_stranger_does_not_hide_the_green() -> None:
    """A newer red run that does not count, such as a fork's, takes nothing from a green one."""
    stranger = make_run(
        run_id=900, head_repository_id=FORK, conclusion="failure", started_at=before(minutes=1)
    )
    assert state_of(make_run(), stranger) is ValidationState.PASSED


def test_branch_of_the_policy() -> None:
    """A branch named by the policy counts instead of the default branch."""
    rule = make_rule(branch="release")
    assert state_of(make_run(head_branch="release"), rule=rule) is ValidationState.PASSED
    assert state_of(make_run(), rule=rule) is ValidationState.MISSING


@pytest.mark.parametrize(
    ("jobs", "state"),
    [
        ((make_job(),), ValidationState.PASSED),
        ((make_job(), make_job("lint", "failure")), ValidationState.PASSED),
        (None, ValidationState.INCONCLUSIVE),
        ((), ValidationState.INCONCLUSIVE),
        ((make_job("lint"),), ValidationState.INCONCLUSIVE),
        ((make_job("Flows"),), ValidationState.INCONCLUSIVE),
        ((make_job(conclusion="failure"),), ValidationState.FAILED),
        ((make_job(conclusion="timed_out"),), ValidationState.FAILED),
        ((make_job(conclusion="startup_failure"),), ValidationState.FAILED),
        ((make_job(conclusion="skipped"),), ValidationState.INCONCLUSIVE),
        ((make_job(conclusion="cancelled"),), ValidationState.INCONCLUSIVE),
        ((make_job(conclusion="brand_new"),), ValidationState.INCONCLUSIVE),
        ((make_job(conclusion=None, status="queued"),), ValidationState.INCONCLUSIVE),
        ((make_job(), make_job()), ValidationState.PASSED),
        ((make_job(), make_job(conclusion="failure")), ValidationState.FAILED),
        ((make_job(conclusion="skipped"), make_job()), ValidationState.INCONCLUSIVE),
    ],
    ids=str,
)
def test_required_job(jobs: tuple[object, ...] | None, state: ValidationState) -> None:
    """Every job of a required name must have run and succeeded; other jobs do not matter."""
    assert state_of(make_run(jobs=jobs), rule=make_rule(required_jobs=("flows",))) is state


def test_every_required_job() -> None:
    """One of two required jobs is not enough."""
    rule = make_rule(required_jobs=("flows", "report"))
    assert state_of(make_run(jobs=(make_job(),)), rule=rule) is ValidationState.INCONCLUSIVE
    both = (make_job(), make_job("report"))
    assert state_of(make_run(jobs=both), rule=rule) is ValidationState.PASSED


def test_failed_run_with_green_job() -> None:
    """A green required job does not save a failed run."""
    run = make_run(conclusion="failure", jobs=(make_job(),))
    assert state_of(run, rule=make_rule(required_jobs=("flows",))) is ValidationState.FAILED


@pytest.mark.parametrize(
    ("started_at", "state"),
    [
        (before(hours=24) + TICK, ValidationState.PASSED),
        (before(hours=24), ValidationState.PASSED),
        (before(hours=24) - TICK, ValidationState.STALE),
    ],
)
def test_age(started_at: object, state: ValidationState) -> None:
    """A pass of exactly the greatest age counts, and is stale an instant later."""
    assert state_of(make_run(started_at=started_at)) is state


def test_age_counts_from_the_start() -> None:
    """A run is as old as its start, however late it ended."""
    run = make_run(started_at=before(hours=25), updated_at=before(minutes=1))
    assert state_of(run) is ValidationState.STALE


def test_stale_beats_older_and_newer_do_not_mix() -> None:
    """A stale newest run is stale; there is no younger one to take instead."""
    runs = [make_run(run_id=n, started_at=before(hours=24 + n)) for n in (1, 2)]
    assert state_of(*runs) is ValidationState.STALE


def test_when_a_pass_ends() -> None:
    """A pass tells the first instant at which it is too old."""
    evidence = judge(
        ValidationScope(make_rule(max_age=timedelta(hours=2)), REPOSITORY, BRANCH),
        [make_run()],
        [],
        infrastructure_since=None,
        head_sha=SHA,
        now=NOW,
    )
    assert evidence.stale_at == NOW + timedelta(hours=1) + TICK
