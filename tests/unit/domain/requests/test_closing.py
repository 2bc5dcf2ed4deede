"""How a request ends without our answer, and how often GitHub must say so."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gate.domain.model.policy.policy import GITHUB_WALL
from gate.domain.model.request import UNDECIDED, RequestState, ReviewState, may_become
from gate.domain.model.runs import Job
from gate.domain.requests.closing import (
    LATE_JOB,
    SECOND_LOOK,
    Closure,
    Sighting,
    check_closed,
    closed_state,
    is_suspect,
)
from tests.support.builders.defaults import NOW, TICK, before
from tests.support.builders.requests import make_request, make_sighting
from tests.support.builders.runs import make_deploy_run, make_job

WHOLE_SECOND = timedelta(seconds=1)

SEEN_BEFORE = make_request(missed_at=NOW - SECOND_LOOK)
BEGUN = make_job(status="in_progress", conclusion=None, started_at=NOW - timedelta(seconds=9))
QUEUED = make_job(status="queued", conclusion=None, started_at=None)
BEFORE = replace(BEGUN, started_at=before(hours=1))
CANCELLED = make_job(conclusion="cancelled", started_at=None)
REJECTED = make_job(conclusion="failure", started_at=NOW)
VANISHED = make_sighting(pending=False, jobs=(BEGUN,))


def ended(conclusion: str | None) -> Sighting:
    """Make a vanished gate in a run that is over."""
    return make_sighting(
        run=make_deploy_run(status="completed", conclusion=conclusion), pending=False
    )


@pytest.mark.parametrize(
    ("sighting", "closure"),
    [
        (ended("cancelled"), Closure.RUN_CANCELLED),
        (ended("failure"), Closure.ANSWERED_ELSEWHERE),
        (ended("skipped"), Closure.ANSWERED_ELSEWHERE),
        (ended("brand_new"), Closure.ANSWERED_ELSEWHERE),
        (ended(None), Closure.ANSWERED_ELSEWHERE),
        (ended("success"), Closure.BYPASSED),
        (VANISHED, Closure.BYPASSED),
        (replace(VANISHED, run=None, deployment_states=()), Closure.BYPASSED),
        (replace(VANISHED, deployment_states=("brand_new",)), Closure.BYPASSED),
        (make_sighting(pending=False, deployment_states=("queued",)), Closure.BYPASSED),
        (make_sighting(pending=False, deployment_states=("in_progress",)), Closure.BYPASSED),
        (make_sighting(pending=False, deployment_states=("success",)), Closure.BYPASSED),
        (
            make_sighting(pending=False, deployment_states=("queued",), earlier_approval=True),
            Closure.ANSWERED_BY_EARLIER_ATTEMPT,
        ),
        (replace(VANISHED, earlier_approval=True), Closure.ANSWERED_BY_EARLIER_ATTEMPT),
        (
            make_sighting(pending=False, deployment_states=("failure",), earlier_approval=True),
            Closure.ANSWERED_ELSEWHERE,
        ),
        (
            make_sighting(pending=False, deployment_states=("failure",)),
            Closure.ANSWERED_ELSEWHERE,
        ),
        (make_sighting(pending=False, deployment_states=("error",)), Closure.ANSWERED_ELSEWHERE),
        (
            make_sighting(pending=False, deployment_states=("inactive",)),
            Closure.ANSWERED_ELSEWHERE,
        ),
        (make_sighting(pending=False, deployment_states=("failure", "queued")), Closure.BYPASSED),
        (make_sighting(pending=False, deployment_states=("failure", "success")), Closure.BYPASSED),
        (make_sighting(pending=False, newest_attempt=2), Closure.ANSWERED_ELSEWHERE),
        (replace(ended("success"), newest_attempt=2), Closure.BYPASSED),
        (
            make_sighting(pending=False, deployment_states=("failure",), jobs=(CANCELLED, BEGUN)),
            Closure.RUN_CANCELLED,
        ),
        (make_sighting(pending=False, run_gone=True, run=None), Closure.RUN_GONE),
        (
            make_sighting(pending=False, run_gone=True, deployment_states=("success",)),
            Closure.RUN_GONE,
        ),
    ],
)
def test_how_it_ended(sighting: Sighting, closure: Closure) -> None:
    """Run and deployments tell how a gate ended that GitHub no longer lists."""
    assert check_closed(sighting, SEEN_BEFORE, NOW) is closure


@pytest.mark.parametrize(
    ("jobs", "closure"),
    [
        ((BEGUN,), Closure.BYPASSED),
        ((QUEUED,), Closure.BYPASSED),
        ((replace(BEGUN, started_at=None),), Closure.BYPASSED),
        ((make_job(started_at=NOW),), Closure.BYPASSED),
        ((replace(BEGUN, started_at=SEEN_BEFORE.waiting_since),), Closure.BYPASSED),
        ((replace(BEGUN, started_at=SEEN_BEFORE.waiting_since - WHOLE_SECOND),), Closure.BYPASSED),
        (
            (replace(BEGUN, started_at=SEEN_BEFORE.waiting_since - WHOLE_SECOND - TICK),),
            Closure.ANSWERED_ELSEWHERE,
        ),
        ((BEFORE, make_job(started_at=before(hours=1))), Closure.ANSWERED_ELSEWHERE),
        ((BEFORE, CANCELLED), Closure.RUN_CANCELLED),
        ((BEGUN, CANCELLED), Closure.ANSWERED_ELSEWHERE),
        ((QUEUED, CANCELLED), Closure.ANSWERED_ELSEWHERE),
        ((REJECTED,), Closure.ANSWERED_ELSEWHERE),
        ((make_job(conclusion="skipped", started_at=NOW),), Closure.ANSWERED_ELSEWHERE),
        ((), Closure.ANSWERED_ELSEWHERE),
        (None, Closure.ANSWERED_ELSEWHERE),
    ],
)
def test_a_gate_that_vanished(jobs: tuple[Job, ...] | None, closure: Closure) -> None:
    """Where its deployments tell nothing, a job that went on makes a bypass.

    A cancelled one may have been the one that waited.
    """
    for states in ((), ("waiting",), ("brand_new",)):
        sighting = make_sighting(pending=False, deployment_states=states, jobs=jobs)
        assert check_closed(sighting, SEEN_BEFORE, NOW) is closure
        assert check_closed(sighting, make_request(), NOW) is None


def test_cancelled_after_the_bypass() -> None:
    """A deployment that went on before its run was cancelled was bypassed."""
    sighting = make_sighting(
        run=make_deploy_run(status="completed", conclusion="cancelled"),
        deployment_states=("in_progress",),
        pending=False,
    )
    assert check_closed(sighting, SEEN_BEFORE, NOW) is Closure.BYPASSED


@pytest.mark.parametrize(
    ("missed_at", "closure"),
    [
        (None, None),
        (NOW, None),
        (NOW - SECOND_LOOK + TICK, None),
        (NOW - SECOND_LOOK, Closure.BYPASSED),
        (NOW - SECOND_LOOK - TICK, Closure.BYPASSED),
    ],
)
def test_second_look(missed_at: datetime | None, closure: Closure | None) -> None:
    """A gate that merely vanished is believed half a minute later, not at once."""
    assert check_closed(VANISHED, make_request(missed_at=missed_at), NOW) is closure


def test_second_look_at_a_run_that_is_gone() -> None:
    """A run that GitHub does not know is looked for twice."""
    sighting = make_sighting(run=None, pending=False, run_gone=True)
    assert check_closed(sighting, make_request(), NOW) is None


@pytest.mark.parametrize("conclusion", ["cancelled", "failure"])
def test_one_look_at_a_run_that_is_over(conclusion: str) -> None:
    """A run that is over without having deployed needs no second look."""
    assert check_closed(ended(conclusion), make_request(), NOW) is not None


@pytest.mark.parametrize(
    "sighting",
    [
        make_sighting(),
        make_sighting(run=make_deploy_run(status="completed", conclusion="cancelled")),
        make_sighting(deployment_states=("success",)),
        make_sighting(newest_attempt=2),
        make_sighting(run_gone=True),
    ],
)
@pytest.mark.parametrize("waited", [timedelta(minutes=1), GITHUB_WALL, GITHUB_WALL * 2])
def test_pending_wins(sighting: Sighting, waited: timedelta) -> None:
    """A gate that GitHub still lists is open, whatever the events and the clock say."""
    request = make_request(
        waiting_since=NOW - waited, missed_at=before(hours=1), answered_at=NOW - waited
    )
    assert check_closed(sighting, request, NOW) is None


@pytest.mark.parametrize("conclusion", ["cancelled", "success"])
def test_not_asked(conclusion: str) -> None:
    """Nothing is believed closed before GitHub was asked."""
    sighting = make_sighting(
        run=make_deploy_run(status="completed", conclusion=conclusion),
        deployment_states=("success",),
        pending=None,
    )
    assert check_closed(sighting, SEEN_BEFORE, NOW) is None


@pytest.mark.parametrize("pending", [None, False])
@pytest.mark.parametrize(
    ("waited", "closure"),
    [
        (GITHUB_WALL - TICK, None),
        (GITHUB_WALL, Closure.EXPIRED),
        (GITHUB_WALL + TICK, Closure.EXPIRED),
    ],
)
def test_expiry(pending: bool | None, waited: timedelta, closure: Closure | None) -> None:
    """Past GitHub's own limit the wait is over, even if GitHub cannot be asked."""
    request = make_request(waiting_since=NOW - waited)
    assert check_closed(make_sighting(pending=pending), request, NOW) is closure


@pytest.mark.parametrize(
    ("after", "closure"),
    [
        (LATE_JOB - TICK, Closure.ANSWERED_BEFORE),
        (timedelta(), Closure.ANSWERED_BEFORE),
        (LATE_JOB, None),
        (LATE_JOB + TICK, None),
    ],
)
def test_late_job(after: timedelta, closure: Closure | None) -> None:
    """A job that asked right after an answer, and pends no more, was covered by that answer."""
    waiting_since = before(minutes=5)
    request = make_request(
        round=2,
        waiting_since=waiting_since,
        answer=ReviewState.APPROVED,
        answered_at=waiting_since - after,
    )
    assert is_suspect(make_sighting(), request, NOW) is (closure is not None)
    missed = replace(request, missed_at=NOW - SECOND_LOOK)
    assert check_closed(VANISHED, missed, NOW) is (closure or Closure.BYPASSED)


def test_second_look_for_a_late_job() -> None:
    """A late job that GitHub does not list yet is not taken for covered at the first look."""
    request = make_request(round=2, answer=ReviewState.APPROVED, answered_at=before(minutes=1))
    assert check_closed(VANISHED, request, NOW) is None
    missed = replace(request, missed_at=NOW - SECOND_LOOK + TICK)
    assert check_closed(VANISHED, missed, NOW) is None


@pytest.mark.parametrize("state", [it for it in RequestState if it not in UNDECIDED])
def test_closed_stays_closed(state: RequestState) -> None:
    """A request that is over does not end again, and needs no look."""
    request = make_request(state=state, missed_at=before(hours=1), waiting_since=before(days=40))
    assert check_closed(VANISHED, request, NOW) is None
    assert is_suspect(VANISHED, request, NOW) is False


@pytest.mark.parametrize(
    ("closure", "answer", "state"),
    [
        (Closure.RUN_CANCELLED, None, RequestState.LAPSED),
        (Closure.EXPIRED, None, RequestState.LAPSED),
        (Closure.BYPASSED, None, RequestState.RESOLVED_ELSEWHERE),
        (Closure.ANSWERED_ELSEWHERE, None, RequestState.RESOLVED_ELSEWHERE),
        (Closure.RUN_GONE, None, RequestState.UNANSWERABLE),
        (Closure.ANSWERED_BEFORE, ReviewState.APPROVED, RequestState.APPROVED),
        (Closure.ANSWERED_BEFORE, ReviewState.REJECTED, RequestState.REJECTED),
        (Closure.ANSWERED_BY_EARLIER_ATTEMPT, None, RequestState.APPROVED),
    ],
)
def test_state_after_closing(
    closure: Closure, answer: ReviewState | None, state: RequestState
) -> None:
    """Each ending leaves the request in its own state, which every undecided one may reach."""
    assert closed_state(closure, make_request(answer=answer)) is state
    assert all(may_become(undecided, state) for undecided in UNDECIDED)


@pytest.mark.parametrize(
    ("sighting", "suspect"),
    [
        (make_sighting(pending=None), False),
        (make_sighting(run=None, deployment_states=()), False),
        (make_sighting(deployment_states=("pending", "brand_new")), False),
        (make_sighting(run=make_deploy_run(status="completed", conclusion="failure")), True),
        (make_sighting(newest_attempt=2), True),
        *[
            (make_sighting(deployment_states=("waiting", state)), True)
            for state in ("queued", "in_progress", "success", "failure", "error", "inactive")
        ],
    ],
)
def test_suspect(sighting: Sighting, suspect: bool) -> None:
    """GitHub is asked about a gate once anything hints that it is gone, and not before."""
    assert is_suspect(sighting, make_request(), NOW) is suspect


def test_suspect_once_missed() -> None:
    """A gate that was missed once is asked for again."""
    assert is_suspect(make_sighting(), make_request(missed_at=NOW), NOW) is True


@pytest.mark.parametrize(("waited", "suspect"), [(GITHUB_WALL - TICK, False), (GITHUB_WALL, True)])
def test_suspect_at_the_wall(waited: timedelta, suspect: bool) -> None:
    """A gate as old as GitHub's own limit is asked for."""
    assert is_suspect(make_sighting(), make_request(waiting_since=NOW - waited), NOW) is suspect
