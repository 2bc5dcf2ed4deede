"""Select which executions of a run's jobs make up its newest attempt, and since when they count.

Pure. GitHub re-runs all jobs of a run, the failed ones, or a single one. Jobs that are not run
again keep their result and their times, while the attempt goes up and `run_started_at` is reset. So
an attempt says little of how fresh its evidence is, and its jobs say it all.
See docs/explanation/evidence.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.domain.model.runs import COMPLETED, SKIPPED, SUCCESS, Job, WorkflowRun


@dataclass(frozen=True, slots=True)
class Beginning:
    """When what counts of a run began to look at production, and by which job (None: by all)."""

    at: datetime
    job: Job | None


def lacks_jobs(run: WorkflowRun, required: Iterable[str]) -> bool:
    """Return whether a run's success cannot be judged before its jobs have been read.

    Of a first attempt that is when jobs are required; of any other it always is: jobs that were not
    run again are as old as they were.
    """
    is_known = run.jobs is not None or run.conclusion != SUCCESS
    return not is_known and (run.run_attempt > 1 or bool(tuple(required)))


def shows_end(jobs: Iterable[Job], attempt: int) -> bool:
    """Return whether a list of a run's jobs was made after this attempt had ended.

    GitHub's lists lag behind: one that has no job of the attempt, or one that still runs, is older.
    """
    own = [job for job in jobs if job.run_attempt == attempt]
    return bool(own) and all(job.status == COMPLETED for job in own)


def newest_executions(run: WorkflowRun) -> tuple[Job, ...]:
    """List the newest execution of each job of a run, up to this attempt, by name.

    Namesakes are executions of one attempt. Where an attempt has fewer of a name than one before
    it, nobody can say which of them it ran again: then those before count as well.
    """
    known = [job for job in run.jobs or () if job.run_attempt <= run.run_attempt]
    counted = Counter((job.name, job.run_attempt) for job in known)
    return tuple(
        job
        for job in known
        if all(
            counted[job.name, later] < counted[job.name, job.run_attempt]
            for later in range(job.run_attempt + 1, run.run_attempt + 1)
        )
    )


def executions_of(run: WorkflowRun, required: Iterable[str]) -> tuple[Job, ...]:
    """List the executions that count: those of the required jobs, or of all that ran.

    A skipped job has shown nothing, old or new.
    """
    names = frozenset(required)
    newest = newest_executions(run)
    if names:
        return tuple(job for job in newest if job.name in names)
    return tuple(job for job in newest if job.conclusion != SKIPPED)


def beginning_of(run: WorkflowRun, required: Iterable[str]) -> Beginning | None:
    """Return when the oldest job that counts began; None when that is not known.

    No job of a first attempt begins before the run does, so its jobs need not be read. Of any other
    attempt they must be, and each of them must have a beginning.
    """
    counting = executions_of(run, required)
    begun = [(job.started_at, job) for job in counting if job.started_at is not None]
    if begun and len(begun) == len(counting):
        at, job = min(begun, key=lambda it: (it[0], it[1].name))
        return Beginning(at, job)
    return Beginning(run.started_at, None) if run.run_attempt == 1 else None
