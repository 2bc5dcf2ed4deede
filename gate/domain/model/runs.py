"""Describe workflow runs as GitHub reports them, one value per run attempt.

A run is seen many times, by webhook and by REST, in any order. `merge_run` folds sightings so that
the order does not matter. Statuses and conclusions stay strings: GitHub adds values, and an unknown
one must reach `gate.domain.evidence.judge`, where it counts as inconclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from gate.domain.model.ids import AccountId, RepositoryId, RunId, Sha

COMPLETED: Final = "completed"
SUCCESS: Final = "success"
SKIPPED: Final = "skipped"
"""The conclusion of a run, or of a job, in which nothing ran."""

_PROGRESS: Final = {
    "requested": 0,
    "queued": 1,
    "pending": 2,
    "waiting": 3,
    "in_progress": 4,
    COMPLETED: 9,
}
_UNKNOWN_PROGRESS: Final = 5

_ENDS: Final = {SKIPPED: 0, SUCCESS: 1, "timed_out": 3, "startup_failure": 3, "failure": 4}
_UNKNOWN_END: Final = 2
"""How bad an end is, should GitHub ever tell two of one attempt; any other one proves nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of a job, by the name shown in GitHub's interface.

    `run_attempt` is the attempt that GitHub lists it for. `started_at` is when it began, which may
    be before that attempt; None when GitHub does not tell.
    """

    name: str
    status: str
    conclusion: str | None
    started_at: datetime | None
    run_attempt: int


@dataclass(frozen=True, slots=True)
class Account:
    """A user or App as GitHub names it: `login` is for display, `id` is the identity."""

    id: AccountId
    login: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """One attempt of a workflow run.

    `path` is normalized by `parse_workflow_path`. `head_repository_id` is None when the head
    repository is gone, which never equals the repository itself. `started_at` is GitHub's
    `run_started_at`, which a re-run resets, be it of all jobs or of one. `jobs` are the executions
    of all attempts up to this one; None until they have been read. `gate.domain.evidence.jobs`
    knows which of them count.
    """

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    path: str
    event: str
    head_sha: Sha
    head_branch: str | None
    head_repository_id: RepositoryId | None
    status: str
    conclusion: str | None
    started_at: datetime
    updated_at: datetime
    html_url: str
    title: str
    actor: Account | None
    triggering_actor: Account | None
    jobs: tuple[Job, ...] | None = None

    @property
    def is_completed(self) -> bool:
        """Return whether this attempt is over; it then never changes its conclusion."""
        return self.status == COMPLETED

    @property
    def is_skipped(self) -> bool:
        """Return whether this attempt is over without any of its jobs having run."""
        return self.is_completed and self.conclusion == SKIPPED


class RunAttempt(Protocol):
    """What of a run attempt tells whether it counts as a validation."""

    @property
    def repository_id(self) -> RepositoryId:
        """Return the repository it ran in."""
        ...

    @property
    def run_id(self) -> RunId:
        """Return the run."""
        ...

    @property
    def run_attempt(self) -> int:
        """Return the number of the attempt."""
        ...

    @property
    def path(self) -> str:
        """Return the workflow file."""
        ...

    @property
    def event(self) -> str:
        """Return what started it."""
        ...

    @property
    def head_branch(self) -> str | None:
        """Return the branch."""
        ...

    @property
    def head_repository_id(self) -> RepositoryId | None:
        """Return the repository of the branch."""
        ...

    @property
    def conclusion(self) -> str | None:
        """Return how it ended."""
        ...

    @property
    def started_at(self) -> datetime:
        """Return when it started."""
        ...

    @property
    def is_skipped(self) -> bool:
        """Return whether this attempt is over without any of its jobs having run."""
        ...


class BriefRun(NamedTuple):
    """A run attempt without what only its page shows: of many, to see which count."""

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    path: str
    event: str
    head_branch: str | None
    head_repository_id: RepositoryId | None
    status: str
    conclusion: str | None
    started_at: datetime

    @property
    def is_completed(self) -> bool:
        """Return whether this attempt is over."""
        return self.status == COMPLETED

    @property
    def is_skipped(self) -> bool:
        """Return whether this attempt is over without any of its jobs having run."""
        return self.is_completed and self.conclusion == SKIPPED


def parse_workflow_path(path: str, full_name: str) -> str:
    """Reduce a run's `path` to the file below the root of the repository called `full_name`.

    GitHub shows `.github/workflows/x.yml`, the same with `@ref` behind it, or either with
    `owner/repo/` before it. Where that names *another* repository it is kept, so that a workflow
    that lives elsewhere never equals a local one.
    """
    file = path.split("@", 1)[0]
    own = f"{full_name}/".casefold()
    return file[len(own) :] if file.casefold().startswith(own) else file


def workflow_file(name: str) -> str:
    """Return the path of the workflow file that a policy names by its file name."""
    return name if name.startswith(".github/workflows/") else f".github/workflows/{name}"


def merge_run(known: WorkflowRun | None, seen: WorkflowRun) -> WorkflowRun:
    """Fold a new sighting of the same run attempt into what is known.

    Commutative, associative and idempotent, so lost order and doubled deliveries cannot matter:
    the sighting that is further along wins, then the later update, then a fixed order of the
    remaining fields. Jobs are taken from sightings that are as far along as the winner, and of two
    lists as `merge_jobs` says.

    An attempt that is over ended when it was first seen so: GitHub moves `updated_at` of finished
    runs weeks later. Should it ever tell two ends of one attempt, the one that is no success
    stands.
    """
    if known is None:
        return seen
    newer, older = (known, seen) if _rank(known) >= _rank(seen) else (seen, known)
    if older.is_completed is not newer.is_completed:
        return newer
    jobs = merge_jobs(newer.jobs, older.jobs)
    ended = min(newer.updated_at, older.updated_at) if newer.is_completed else newer.updated_at
    return replace(newer, jobs=jobs, updated_at=ended)


def merge_jobs(
    known: tuple[Job, ...] | None, seen: tuple[Job, ...] | None
) -> tuple[Job, ...] | None:
    """Fold two lists of the jobs of one run attempt, in any order; None is one that was not read.

    The longer wins, then the one with more jobs that are over: a list that lacks a job, or the end
    of one, was read too early.
    """
    return max(known, seen, key=_jobs_rank)


def _rank(run: WorkflowRun) -> tuple[int, int, datetime, str]:
    """Order sightings of one attempt, but for their jobs; the last element makes it total.

    Of ends the time is no part of the order, since the first one stands whichever end it is of. The
    worse end wins: a failure over what proves nothing, that over a green, and a skipped run, which
    would be passed over, hides none of them.
    """
    progress = _PROGRESS.get(run.status, _UNKNOWN_PROGRESS)
    if run.is_completed:
        run = replace(run, updated_at=run.started_at)
    end = _ENDS.get(run.conclusion or "", _UNKNOWN_END) if run.is_completed else 0
    return progress, end, run.updated_at, repr(replace(run, jobs=None))


def _jobs_rank(jobs: tuple[Job, ...] | None) -> tuple[bool, int, int, str]:
    """Order lists of jobs; the last element only makes the order total."""
    listed = jobs or ()
    over = sum(job.status == COMPLETED for job in listed)
    return jobs is not None, len(listed), over, repr(jobs)
