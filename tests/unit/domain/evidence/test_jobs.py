"""A re-run of some jobs renews nothing: evidence is as old as the oldest job that counts."""

import pytest

from gate.domain.evidence.jobs import (
    beginning_of,
    executions_of,
    lacks_jobs,
    newest_executions,
    shows_end,
)
from gate.domain.model.policy.policy import Covers, ValidationState
from gate.domain.model.runs import Job, WorkflowRun
from gate.domain.requests.decide import decide
from gate.domain.requests.decision import ReasonCode, Verdict
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.builders.policies import make_environment, make_policy
from tests.support.builders.requests import make_facts
from tests.support.builders.runs import make_job, make_run
from tests.unit.domain.evidence.rerun_jobs import (
    APPLY,
    GREEN,
    IOS,
    LISTS,
    NINE,
    NINE_ONE,
    ONE,
    RED,
    rerun,
    shown,
)


@pytest.mark.parametrize("jobs", LISTS.values(), ids=LISTS)
def test_a_rerun_of_failed_jobs_does_not_cover_a_change_between(jobs: tuple[Job, ...]) -> None:
    """The other job looked at production before the change, whenever the attempt began."""
    evidence = shown(rerun(*jobs), covers=Covers.INFRASTRUCTURE)
    assert evidence.state is ValidationState.UNCOVERED
    assert "attempt 2 did not re-run job ios" in evidence.detail
    assert evidence.detail.endswith("re-run all jobs")


@pytest.mark.parametrize("jobs", LISTS.values(), ids=LISTS)
def test_a_rerun_of_failed_jobs_is_as_old_as_the_others(jobs: tuple[Job, ...]) -> None:
    """It is too old one instant after the oldest job is, and not before."""
    age = NOW - NINE_ONE
    assert shown(rerun(*jobs), max_age=age).state is ValidationState.PASSED
    late = shown(rerun(*jobs), max_age=age - TICK)
    assert late.state is ValidationState.STALE
    assert "re-run job ios" in late.detail
    assert late.stale_at == NOW


@pytest.mark.parametrize("jobs", LISTS.values(), ids=LISTS)
def test_only_jobs_that_are_required_count_where_some_are(jobs: tuple[Job, ...]) -> None:
    """A job that the policy does not ask for may be as old as it likes."""
    fresh = shown(rerun(*jobs), covers=Covers.INFRASTRUCTURE, required_jobs=("android",))
    assert fresh.state is ValidationState.PASSED
    old = shown(rerun(*jobs), covers=Covers.INFRASTRUCTURE, required_jobs=("android", "ios"))
    assert old.state is ValidationState.UNCOVERED


def test_a_job_that_was_not_run_again_has_still_succeeded() -> None:
    """A required job that an attempt does not list is looked for in the attempt before."""
    run = rerun(IOS, RED, GREEN)
    assert shown(run, required_jobs=("ios", "android")).state is ValidationState.PASSED


def test_a_rerun_of_all_jobs_renews() -> None:
    """All of it began after the change."""
    jobs = (IOS, RED, GREEN, make_job("ios", started_at=ONE, run_attempt=2))
    assert shown(rerun(*jobs), covers=Covers.INFRASTRUCTURE).state is ValidationState.PASSED


@pytest.mark.parametrize(
    ("run", "state"),
    [
        (make_run(jobs=None), ValidationState.PASSED),
        (make_run(run_attempt=2, jobs=None), ValidationState.INCONCLUSIVE),
        (rerun(), ValidationState.INCONCLUSIVE),
        (rerun(make_job(started_at=None, run_attempt=2)), ValidationState.INCONCLUSIVE),
        (
            rerun(GREEN, make_job("b", started_at=None, run_attempt=2)),
            ValidationState.INCONCLUSIVE,
        ),
        (rerun(make_job("flows", "skipped", run_attempt=2)), ValidationState.INCONCLUSIVE),
        (
            rerun(GREEN, make_job("b", "skipped", started_at=before(days=9), run_attempt=2)),
            ValidationState.PASSED,
        ),
        (
            rerun(make_job(started_at=NOW + 600 * 1_000_000 * TICK, run_attempt=2)),
            ValidationState.INCONCLUSIVE,
        ),
    ],
    ids=[
        "first attempt, jobs not read",
        "re-run, jobs not read",
        "no job at all",
        "a job without a start",
        "one of two without a start",
        "only a skipped job",
        "a skipped job is neither old nor new",
        "a job from the future",
    ],
)
def test_what_is_known_of_the_jobs(run: WorkflowRun, state: ValidationState) -> None:
    """Without a start of each job that counts nothing is proven; skipped jobs have none."""
    assert shown(run).state is state


def named(jobs: tuple[Job, ...]) -> list[tuple[str, int]]:
    """Name executions by job and attempt."""
    return [(job.name, job.run_attempt) for job in jobs]


def test_the_newest_execution_of_each_name_counts() -> None:
    """By attempt, whatever order they are listed in; those of later attempts are not there yet."""
    later = make_job("ios", run_attempt=3)
    assert named(newest_executions(rerun(GREEN, later, IOS, RED))) == [("android", 2), ("ios", 1)]


def test_namesakes_that_ran_again_in_part_all_count() -> None:
    """Of two jobs of one name nobody can say which one ran again."""
    twice = (make_job(run_attempt=1), make_job(conclusion="failure", run_attempt=1))
    again = make_job(run_attempt=2)
    assert newest_executions(rerun(*twice, again)) == (*twice, again)
    assert newest_executions(rerun(*twice, again, again)) == (again, again)
    part = shown(rerun(*twice, again), required_jobs=("flows",))
    assert part.state is ValidationState.FAILED


def test_executions_that_count() -> None:
    """The required ones, skipped or not; else all that ran."""
    skipped = make_job("b", "skipped", run_attempt=2)
    run = rerun(GREEN, skipped)
    assert executions_of(run, ()) == (GREEN,)
    assert executions_of(run, ("b",)) == (skipped,)


def test_the_oldest_job_is_named() -> None:
    """Of two that began together it is the first by name, so that the words stay the same."""
    a, b = (make_job(name, started_at=NINE, run_attempt=2) for name in "ab")
    for jobs in ((a, b, GREEN), (b, GREEN, a)):
        beginning = beginning_of(rerun(*jobs), ())
        assert beginning is not None
        assert (beginning.at, beginning.job) == (NINE, a)


@pytest.mark.parametrize(
    ("run", "required", "lacks"),
    [
        (make_run(), (), False),
        (make_run(), ("flows",), True),
        (make_run(jobs=()), ("flows",), False),
        (make_run(run_attempt=2), (), True),
        (make_run(run_attempt=2, jobs=()), (), False),
        (make_run(run_attempt=2, conclusion="failure"), ("flows",), False),
        (make_run(run_attempt=2, status="in_progress", conclusion=None), (), False),
    ],
)
def test_when_jobs_must_be_read(
    run: WorkflowRun, required: tuple[str, ...], *, lacks: bool
) -> None:
    """A success of a re-run, or one of which jobs are required; a first attempt costs no call."""
    assert lacks_jobs(run, required) is lacks


@pytest.mark.parametrize(
    ("jobs", "whole"),
    [
        ((), False),
        ((IOS, RED), False),
        ((IOS, RED, GREEN), True),
        ((IOS, make_job("android", None, status="in_progress", run_attempt=2)), False),
        ((GREEN, make_job("android", None, status="in_progress", run_attempt=1)), True),
    ],
)
def test_a_list_from_before_the_end_is_known(jobs: tuple[Job, ...], *, whole: bool) -> None:
    """It has no job of the attempt, or one of them still runs."""
    assert shows_end(jobs, 2) is whole


def test_the_deployment_waits_and_the_reason_names_the_job() -> None:
    """What `decide` makes of it, in the words that people read."""
    environment = make_environment(covers=Covers.INFRASTRUCTURE)
    facts = make_facts(validations=(rerun(IOS, RED, GREEN),), infrastructure=(APPLY,))
    decision = decide(make_policy(environment), facts, NOW)
    assert decision.verdict is Verdict.WAIT
    assert decision.reason is ReasonCode.VALIDATION_UNCOVERED
    assert "re-run job ios" in decision.reasons[0].detail
