"""Find fault with a validation run itself: its start, its conclusion, its required jobs.

Pure. None means that the run is green; its age and what it covers are judged elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.jobs import executions_of
from gate.domain.model.policy.policy import ValidationRule, ValidationState
from gate.domain.model.runs import SUCCESS, Job, WorkflowRun

_RUNNING: Final = frozenset({"requested", "queued", "pending", "waiting", "in_progress"})


FAILED: Final = frozenset({"failure", "timed_out", "startup_failure"})
"""The conclusions by which a run or a job says that it failed."""


CLOCK_ERROR: Final = timedelta(minutes=5)
"""How far GitHub's clock may run ahead of ours before its times are not believed."""


def check_run(rule: ValidationRule, run: WorkflowRun, now: datetime) -> Evidence | None:
    """Find fault with the run itself; None for a green, whatever its age and its cover."""
    return check_future(run, run.started_at, now) or check_end(run) or check_jobs(rule, run)


def check_future(run: WorkflowRun, start: datetime, now: datetime) -> Evidence | None:
    """Find fault with a start that lies ahead of our clock, which would never become too old."""
    if start - now <= CLOCK_ERROR:
        return None
    detail = "the run's start time is in the future"
    return Evidence(ValidationState.INCONCLUSIVE, run, detail, start - CLOCK_ERROR)


_ENDED: Final = {
    "failure": "failed",
    "timed_out": "timed out",
    "startup_failure": "failed to start",
    "cancelled": "was cancelled",
    "skipped": "was skipped",
}


def _ended(conclusion: str | None) -> str:
    """Put a conclusion into words; one without words of its own is named as GitHub does."""
    return _ENDED.get(conclusion or "", f"ended with {conclusion}")


def check_end(run: WorkflowRun) -> Evidence | None:
    """Find fault with how a run stands or ended; None when it succeeded as a whole."""
    if run.status in _RUNNING:
        return Evidence(ValidationState.RUNNING, run, f"the run is {run.status.replace('_', ' ')}")
    if not run.is_completed:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"unknown run status {run.status}")
    if run.conclusion in FAILED:
        return Evidence(ValidationState.FAILED, run, f"the run {_ended(run.conclusion)}")
    if run.conclusion != SUCCESS:
        return Evidence(ValidationState.INCONCLUSIVE, run, f"the run {_ended(run.conclusion)}")
    return None


def check_jobs(rule: ValidationRule, run: WorkflowRun) -> Evidence | None:
    """Find fault with the required jobs of a successful run; None when each succeeded.

    `continue-on-error`, a skipped matrix leg or a renamed job can leave a run green although the
    flows never ran. Several jobs of one name must all have succeeded.
    """
    counting = executions_of(run, rule.required_jobs)
    for name in rule.required_jobs:
        jobs = [job for job in counting if job.name == name]
        if not jobs:
            return Evidence(ValidationState.INCONCLUSIVE, run, f"required job {name} did not run")
        for job in jobs:
            if job.conclusion in FAILED:
                return Evidence(ValidationState.FAILED, run, _job_detail(job))
            if job.conclusion != SUCCESS:
                return Evidence(ValidationState.INCONCLUSIVE, run, _job_detail(job))
    return None


def _job_detail(job: Job) -> str:
    if job.conclusion is None:
        return f"required job {job.name} is {job.status.replace('_', ' ')}"
    return f"required job {job.name} {_ended(job.conclusion)}"
