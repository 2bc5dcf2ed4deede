"""Which attempt of a run asks, as far as it is known."""

from datetime import timedelta

import pytest

from gate.domain.model.request import UNDECIDED, RequestState
from gate.domain.requests.attempts import known_attempt
from gate.domain.requests.closing import LATE_JOB
from tests.support.builders.defaults import NOW, TICK
from tests.support.builders.requests import make_request
from tests.support.builders.runs import make_deploy_run

RUN = make_deploy_run(run_attempt=2)


def test_unknown_run() -> None:
    """Of a run that was never seen GitHub must be asked."""
    assert known_attempt(None, None, NOW) is None
    assert known_attempt(None, make_request(), NOW) is None


@pytest.mark.parametrize("request_known", [True, False])
def test_run_that_is_over(request_known: bool) -> None:
    """An attempt that is over does not ask: another one does, which GitHub must name."""
    run = make_deploy_run(status="completed", conclusion="failure")
    assert known_attempt(run, make_request() if request_known else None, NOW) is None


def test_first_job() -> None:
    """The newest attempt that is not over asks."""
    assert known_attempt(RUN, None, NOW) == 2


@pytest.mark.parametrize("state", sorted(UNDECIDED))
@pytest.mark.parametrize(
    ("ago", "attempt"), [(LATE_JOB - TICK, 2), (LATE_JOB, None), (LATE_JOB + TICK, None)]
)
def test_next_job(state: RequestState, ago: timedelta, attempt: int | None) -> None:
    """It belongs to the attempt that has just asked; a re-run may ask later, its news lost."""
    request = make_request(state=state, waiting_since=NOW - ago)
    assert known_attempt(RUN, request, NOW) == attempt


@pytest.mark.parametrize(
    ("ago", "attempt"),
    [(timedelta(), 2), (LATE_JOB - TICK, 2), (LATE_JOB, None), (LATE_JOB + TICK, None)],
)
def test_late_job(ago: timedelta, attempt: int | None) -> None:
    """A job that asks right after the answer is of the same attempt; later nobody knows."""
    request = make_request(state=RequestState.APPROVED, answered_at=NOW - ago)
    assert known_attempt(RUN, request, NOW) == attempt


def test_closed_without_an_answer() -> None:
    """After an ending that was not our answer GitHub must be asked."""
    assert known_attempt(RUN, make_request(state=RequestState.LAPSED), NOW) is None
