"""Recognize that GitHub no longer waits for us, and say what happened instead.

Pure. GitHub sends no event for a bypass, an expiry or another person's rejection: they are read
from what the run, its deployments and the pending deployments show. GitHub's answers lag behind
its own events, so a gate that merely vanished is looked at twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from gate.domain.model.policy.policy import GITHUB_WALL
from gate.domain.model.request import GateRequest, RequestState, ReviewState, answered_state
from gate.domain.model.runs import SUCCESS, Job, WorkflowRun

SECOND_LOOK: Final = timedelta(seconds=30)
"""How long GitHub gets to agree with itself before a vanished gate is believed; lags of 20 s have
been reported."""

LATE_JOB: Final = timedelta(minutes=1)
"""A job that asks this soon after an answer may have been pending when the answer was given."""

_WENT_ON: Final = frozenset({"queued", "in_progress", "success"})
_ENDED: Final = frozenset({"failure", "error", "inactive"})


class Closure(StrEnum):
    """How a request ended without our answer; the values are reason slugs."""

    RUN_CANCELLED = "run_cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    BYPASSED = "bypassed"
    EXPIRED = "expired"
    ANSWERED_BEFORE = "answered_before"
    ANSWERED_BY_EARLIER_ATTEMPT = "answered_by_earlier_attempt"
    RUN_GONE = "run_gone"


_CANCELLED: Final = "cancelled"
_ELSEWHERE: Final = Closure.ANSWERED_ELSEWHERE
_ENDINGS: Final = {_CANCELLED: Closure.RUN_CANCELLED}
"""What a run that did not succeed says; after any other the wait ended elsewhere."""

_QUEUED: Final = "queued"
_IN_PROGRESS: Final = "in_progress"

_WHOLE_SECONDS: Final = timedelta(seconds=1)
"""GitHub tells times in whole seconds, and so a little early."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What GitHub shows of a request's gate, as far as it is known.

    `run` is the newest known sighting of the request's own run attempt; `newest_attempt` the
    highest attempt known of that run. `deployment_states` are the newest known states of the
    request's unanswered deployments, and all that GitHub, asked now, shows of their history.
    `pending` says whether GitHub, asked now, still lists the environment as pending; None when it
    was not asked or would not say. `run_gone` says that GitHub, asked now, knows no such run.
    `jobs` are those of the attempt, asked for where the gate is gone; None when they were not.
    `earlier_approval` says that GitHub took our approval of an earlier attempt of the run when this
    one had begun already: a review names no attempt, so it has released this one.
    """

    run: WorkflowRun | None
    newest_attempt: int
    deployment_states: tuple[str, ...]
    pending: bool | None
    run_gone: bool = False
    jobs: tuple[Job, ...] | None = None
    earlier_approval: bool = False


def closed_state(closure: Closure, request: GateRequest) -> RequestState:
    """Return the state in which a request that ended this way is left."""
    match closure:
        case Closure.RUN_CANCELLED | Closure.EXPIRED:
            return RequestState.LAPSED
        case Closure.BYPASSED | Closure.ANSWERED_ELSEWHERE:
            return RequestState.RESOLVED_ELSEWHERE
        case Closure.RUN_GONE:
            return RequestState.UNANSWERABLE
        case Closure.ANSWERED_BEFORE:
            return answered_state(request.answer or ReviewState.APPROVED)
        case Closure.ANSWERED_BY_EARLIER_ATTEMPT:
            return RequestState.APPROVED
        case _:
            assert_never(closure)


def is_suspect(sighting: Sighting, request: GateRequest, now: datetime) -> bool:
    """Return whether the gate may be gone, so that GitHub must be asked before anything is sent."""
    return request.is_undecided and (
        request.missed_at is not None
        or _asked_late(request)
        or sighting.newest_attempt > request.key.run_attempt
        or (sighting.run is not None and sighting.run.is_completed)
        or any(state in _WENT_ON | _ENDED for state in sighting.deployment_states)
        or now >= request.waiting_since + GITHUB_WALL
    )


def check_closed(sighting: Sighting, request: GateRequest, now: datetime) -> Closure | None:
    """Return how a request ended without us; None while GitHub may still be waiting.

    A gate that GitHub still lists as pending is open, whatever the events say. Past GitHub's own
    limit it is over even if GitHub cannot be asked. One that merely vanished, while its run goes
    on, is believed to be gone at the second look only. It is taken for bypassed if a job of it went
    on, as its deployments show or, of a job without one, the attempt's jobs: a job may also be
    cancelled by itself, by the concurrency of its own. Without proof it was ended elsewhere.
    """
    if not request.is_undecided or sighting.pending is True:
        return None
    if now >= request.waiting_since + GITHUB_WALL:
        return Closure.EXPIRED
    if sighting.pending is None:
        return None
    certain = _what_is_certain(sighting, request)
    if certain is not None:
        return certain
    if not _was_missed_before(request, now):
        return None
    return _what_happened(sighting, request)


def _what_is_certain(sighting: Sighting, request: GateRequest) -> Closure | None:
    """Read how a gate ended whose run, or whose deployment, has come to an end; else None."""
    if _asked_late(request) or sighting.run_gone or _went_on(sighting):
        return None
    run = sighting.run
    if run is not None and run.is_completed:
        return None if run.conclusion == SUCCESS else _ENDINGS.get(run.conclusion or "", _ELSEWHERE)
    if sighting.newest_attempt > request.key.run_attempt:
        return Closure.ANSWERED_ELSEWHERE
    if any(state in _ENDED for state in sighting.deployment_states):
        return Closure.RUN_CANCELLED if _has_cancelled(sighting) else Closure.ANSWERED_ELSEWHERE
    return None


def _what_happened(sighting: Sighting, request: GateRequest) -> Closure:
    """Read from deployments and jobs how a gate ended that has vanished for long enough."""
    if _asked_late(request):
        return Closure.ANSWERED_BEFORE
    if sighting.run_gone:
        return Closure.RUN_GONE
    if _went_on(sighting):
        return _released(sighting)
    # No run succeeds before its jobs have.
    succeeded = sighting.run is not None and sighting.run.conclusion == SUCCESS
    a_job_went_on = succeeded or any(_has_gone_on(job, request) for job in sighting.jobs or ())
    if _has_cancelled(sighting):
        return Closure.ANSWERED_ELSEWHERE if a_job_went_on else Closure.RUN_CANCELLED
    return _released(sighting) if a_job_went_on else Closure.ANSWERED_ELSEWHERE


def _released(sighting: Sighting) -> Closure:
    """Return who let a gate go on that we have not answered."""
    is_ours = sighting.earlier_approval
    return Closure.ANSWERED_BY_EARLIER_ATTEMPT if is_ours else Closure.BYPASSED


def _went_on(sighting: Sighting) -> bool:
    """Return whether a deployment of the request has gone on, whatever came of it."""
    return any(state in _WENT_ON for state in sighting.deployment_states)


def _has_cancelled(sighting: Sighting) -> bool:
    """Return whether a job of the attempt was cancelled."""
    return any(job.conclusion == _CANCELLED for job in sighting.jobs or ())


def _has_gone_on(job: Job, request: GateRequest) -> bool:
    """Return whether a job may be one that has passed the gate.

    GitHub does not tell which environment a job is for. One that began before the wait did is not.
    """
    if job.status == _QUEUED:
        return True
    is_going_on = job.status == _IN_PROGRESS or job.conclusion == SUCCESS
    began = job.started_at is None or job.started_at >= request.waiting_since - _WHOLE_SECONDS
    return is_going_on and began


def _asked_late(request: GateRequest) -> bool:
    """Return whether this round was opened so soon after an answer that the answer may cover it."""
    return (
        request.answered_at is not None and request.waiting_since - request.answered_at < LATE_JOB
    )


def _was_missed_before(request: GateRequest, now: datetime) -> bool:
    """Return whether the gate was already missed long enough ago for this to be a second look."""
    return request.missed_at is not None and now - request.missed_at >= SECOND_LOOK
