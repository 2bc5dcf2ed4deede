"""Which run is the newest one that counts."""

from dataclasses import replace
from typing import Any

import pytest

from gate.domain.evidence.relevance import ValidationScope, counting_validations
from gate.domain.evidence.run_state import CLOCK_ERROR
from gate.domain.model.ids import RunId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.runs import WorkflowRun
from tests.support.builders.defaults import BRANCH, NOW, REPOSITORY, TICK, before
from tests.support.builders.policies import make_rule
from tests.support.builders.runs import make_job, make_run
from tests.unit.domain.evidence.judged_runs import state_of


@pytest.mark.parametrize(
    ("newest", "state"),
    [
        ({"conclusion": "failure"}, ValidationState.FAILED),
        ({"conclusion": "cancelled"}, ValidationState.INCONCLUSIVE),
        ({"status": "queued", "conclusion": None}, ValidationState.RUNNING),
        ({"status": "brand_new"}, ValidationState.INCONCLUSIVE),
    ],
    ids=str,
)
def test_no_fall_back(newest: dict[str, object], state: ValidationState) -> None:
    """An inconclusive, running or failed newest run never falls back to an older green."""
    later = make_run(run_id=502, started_at=before(minutes=30), **newest)
    assert state_of(make_run(), later) is state
    assert state_of(later, make_run()) is state


SKIPPED = make_run(run_id=502, started_at=before(minutes=30), conclusion="skipped")


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (make_run(), ValidationState.PASSED),
        (make_run(conclusion="failure"), ValidationState.FAILED),
        (make_run(conclusion="cancelled"), ValidationState.INCONCLUSIVE),
        (make_run(status="in_progress", conclusion=None), ValidationState.RUNNING),
        (make_run(started_at=before(hours=30)), ValidationState.STALE),
    ],
)
def test_a_run_in_which_no_job_ran_is_passed_over(known: WorkflowRun, state: Any) -> None:
    """It neither proves nor hides: the run before it decides, whatever it shows."""
    assert state_of(known, SKIPPED) is state
    assert state_of(SKIPPED, known) is state


def test_only_skipped_runs_are_none() -> None:
    """No job of any has looked at production."""
    assert state_of(SKIPPED, replace(SKIPPED, run_id=RunId(503))) is ValidationState.MISSING


@pytest.mark.parametrize(
    ("attempts", "state"),
    [
        ([(1, "failure"), (2, "skipped")], ValidationState.FAILED),
        ([(1, "success"), (2, "skipped")], ValidationState.PASSED),
        ([(1, "failure"), (2, "skipped"), (3, "skipped")], ValidationState.FAILED),
        ([(1, "skipped"), (2, "skipped")], ValidationState.MISSING),
        ([(1, "skipped"), (2, "failure")], ValidationState.FAILED),
        ([(2, "skipped")], ValidationState.INCONCLUSIVE),
        ([(1, "failure"), (3, "skipped")], ValidationState.INCONCLUSIVE),
    ],
    ids=str,
)
def test_a_skipped_attempt_hides_no_red_one(attempts: Any, state: ValidationState) -> None:
    """Where the attempt before it is not known, it may have been red."""
    runs = [make_run(run_attempt=number, conclusion=ended) for number, ended in attempts]
    assert state_of(*runs) is state


def test_green_after_red() -> None:
    """A green run that started later replaces a failure."""
    failed = make_run(run_id=499, conclusion="failure", started_at=before(hours=2))
    assert state_of(failed, make_run()) is ValidationState.PASSED


def test_newest_by_start_not_by_end() -> None:
    """The run that started last decides, although an older one ended after it."""
    slow = make_run(run_id=502, started_at=before(hours=2), updated_at=before(minutes=1))
    failed = make_run(conclusion="failure")
    assert state_of(slow, failed) is ValidationState.FAILED


def test_rerun_of_an_old_run() -> None:
    """A re-run is the newest attempt, although a later run has a higher id."""
    rerun = make_run(run_id=400, run_attempt=2, conclusion="failure", started_at=before(minutes=10))
    assert state_of(make_run(run_id=501), rerun) is ValidationState.FAILED


def test_running_rerun() -> None:
    """A green attempt does not count while the same run is validated again."""
    again = make_run(
        run_attempt=2, status="in_progress", conclusion=None, started_at=before(minutes=5)
    )
    assert state_of(make_run(), again) is ValidationState.RUNNING


def test_equal_starts() -> None:
    """Of two runs that started in the same second the one that is no success decides."""
    for failed_id in (400, 600):
        failed = make_run(run_id=failed_id, conclusion="failure")
        assert state_of(failed, make_run()) is ValidationState.FAILED
        assert state_of(make_run(), failed) is ValidationState.FAILED


def test_equal_starts_of_attempts() -> None:
    """Of two attempts of one run the later decides, even in the same second."""
    failed = make_run(conclusion="failure")
    green = make_run(run_attempt=2, jobs=(make_job(run_attempt=2),))
    assert state_of(failed, green) is ValidationState.PASSED
    assert state_of(make_run(), make_run(run_attempt=2, conclusion="failure")) is (
        ValidationState.FAILED
    )


def test_start_in_the_future() -> None:
    """A run that claims to start later than clocks run apart proves nothing until then."""
    late = make_run(started_at=NOW + CLOCK_ERROR + TICK)
    assert state_of(late) is ValidationState.INCONCLUSIVE
    assert state_of(make_run(started_at=NOW + CLOCK_ERROR)) is ValidationState.PASSED


def test_order_of_counting_runs() -> None:
    """Counting runs are listed newest first."""
    runs = [make_run(run_id=n, started_at=before(hours=n)) for n in (3, 1, 2)]
    listed = counting_validations(runs, ValidationScope(make_rule(), REPOSITORY, BRANCH))
    assert [run.run_id for run in listed] == [1, 2, 3]
