"""The experiments, each on what a repository's own runs show. None of them writes.

Each returns whether GitHub behaved as assumed, and what was seen. Calls are bounded: of each kind
of run the newest few are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from gate.domain.model.github import FileFound, FileQuestion
from gate.domain.model.ids import RunId, environment_key
from gate.domain.model.runs import COMPLETED, WorkflowRun
from gate.policyfile import job_environments
from gate.probe.observations import Result, Subject

Seen = tuple[Result, str]
Experiment = Callable[[Subject], Seen]

_RUNS: Final = 5
"""Runs of a kind that are looked at."""
_FILES: Final = 20
_FOLDER: Final = ".github/workflows"
_ENDINGS: Final = (".yml", ".yaml")
_LISTED_WHILE_WAITING: Final = frozenset({"waiting", "in_progress"})
_CANCELLED: Final = "cancelled"
_FAILURE: Final = "failure"


def environment_spelling(subject: Subject) -> Seen:
    """Read the rules of an environment under its name and under the name in another case."""
    names = subject.github.deployments.read_environments(subject.address)
    name = next((it for it in names if it.swapcase().lower() == it.lower() != it.upper()), None)
    if name is None:
        return Result.UNSEEN, "the repository has no environment with letters in its name"
    if not subject.prober.has_environment(subject.address, name):
        return Result.UNSEEN, f"GitHub does not show the rules of {name!r}"
    other = name.swapcase()
    if subject.prober.has_environment(subject.address, other):
        return Result.ASSUMED, f"GitHub takes {other!r} for {name!r}"
    return Result.DIFFERS, f"GitHub finds {name!r}, but not {other!r}"


def waiting_run_state(subject: Subject) -> Seen:
    """Look at the state of runs that wait at an environment, best beside a running job."""
    seen: list[str] = []
    for run in _newest(subject, lambda it: it.status != COMPLETED):
        if not subject.github.actions.read_pending_environments(subject.address, run.run_id):
            continue
        jobs = subject.prober.list_jobs(subject.address, run.run_id, attempt=run.run_attempt)
        beside = any(it.status == "in_progress" for it in jobs)
        what = f"run {run.run_id} is {run.status!r}{' beside a running job' if beside else ''}"
        if run.status not in _LISTED_WHILE_WAITING:
            return Result.DIFFERS, f"{what}, while an environment is pending"
        if beside:
            return Result.ASSUMED, what
        seen.append(what)
    if seen:
        return Result.UNSEEN, f"{seen[0]}, but no job runs beside the waiting one"
    return Result.UNSEEN, "no run waits at an environment now"


def cancelled_waiting_job(subject: Subject) -> Seen:
    """Look whether a cancelled run still has jobs that are not over, or waits for somebody."""
    looked_at = 0
    for run in _newest(subject, lambda it: it.conclusion == _CANCELLED):
        jobs = subject.prober.list_jobs(subject.address, run.run_id, attempt=run.run_attempt)
        if not any(it.conclusion == _CANCELLED for it in jobs):
            continue
        looked_at += 1
        open_jobs = [it.name for it in jobs if it.status != COMPLETED]
        if open_jobs:
            return (
                Result.DIFFERS,
                f"run {run.run_id} is cancelled, but not its job {open_jobs[0]!r}",
            )
        if subject.github.actions.read_pending_environments(subject.address, run.run_id):
            return Result.DIFFERS, f"run {run.run_id} is cancelled and still waits"
    if not looked_at:
        return Result.UNSEEN, "no recent run was cancelled with jobs that had not ended"
    return Result.ASSUMED, f"all jobs of {looked_at} cancelled runs are over, and none waits"


def job_without_deployment(subject: Subject) -> Seen:
    """Look how jobs with `deployment: false` ended where the App's rule is enabled."""
    address = subject.address
    names = subject.github.deployments.read_environments(address)
    gated = {
        environment_key(it)
        for it in names
        if subject.github.deployments.read_rule_enabled(address, it)
    }
    paths = [
        it for it in subject.github.contents.read_folder(address, _FOLDER) if it.endswith(_ENDINGS)
    ]
    for path in paths[:_FILES]:
        question = FileQuestion(path, None, expects_absence=False)
        read = subject.github.contents.read_file(address, question)
        jobs = (job_environments(read.content) or ()) if isinstance(read, FileFound) else ()
        for job in jobs:
            if job.deploys or environment_key(job.environment) not in gated:
                continue
            found = _ended(subject, path, job.job)
            if found is None:
                return Result.UNSEEN, f"{path}: no execution of the job {job.job!r} is known"
            run, conclusion = found
            result = Result.ASSUMED if conclusion == _FAILURE else Result.DIFFERS
            return result, f"run {run.run_id}: the job {job.job!r} ended as {conclusion!r}"
    return Result.UNSEEN, "no job uses a gated environment with `deployment: false`"


def jobs_after_partial_rerun(subject: Subject) -> Seen:
    """Look whether the list of all jobs has those that a later attempt did not run again."""
    for run in _newest(subject, lambda it: it.run_attempt > 1 and it.is_completed):
        listed = subject.prober.list_jobs(subject.address, run.run_id)
        first = subject.prober.list_jobs(subject.address, run.run_id, attempt=1)
        own = subject.prober.list_jobs(subject.address, run.run_id, attempt=run.run_attempt)
        kept = {it.name for it in listed if it.run_attempt == 1}
        missing = sorted({it.name for it in first} - kept)
        if missing:
            found = f"the list of all jobs of run {run.run_id} lacks {missing[0]!r} of attempt 1"
            return Result.DIFFERS, found
        carries = {it.name for it in first} <= {it.name for it in own}
        also = "also lists" if carries else "does not list"
        found = f"run {run.run_id}: attempt {run.run_attempt} {also} the jobs it did not run again"
        return Result.ASSUMED, found
    return Result.UNSEEN, "no recent run was re-run"


def filtered_listing(subject: Subject) -> Seen:
    """Compare a listing that GitHub filters by branch with one that is filtered here."""
    branch, address = subject.default_branch, subject.address
    if branch is None:
        return Result.UNSEEN, "GitHub does not tell the default branch"
    plain = subject.prober.list_runs(address)
    # A run that starts between two of these is in the last one.
    filtered = subject.prober.list_runs(address, query=urlencode({"branch": branch}))
    again = subject.prober.list_runs(address)
    known = {it.run_id for it in (*plain, *again)}
    # Beyond the oldest listed run the unfiltered listing says nothing.
    oldest = min((it.run_id for it in plain), default=RunId(0))
    lost = [it.run_id for it in filtered if it.run_id >= oldest and it.run_id not in known]
    if not known and not lost:
        return Result.UNSEEN, "the repository has no run"
    if lost:
        return Result.DIFFERS, f"the unfiltered listing lacks run {lost[0]}"
    present = {it.run_id for it in filtered}
    lacking = [it.run_id for it in plain if it.head_branch == branch and it.run_id not in present]
    if lacking:
        return Result.ASSUMED, f"the listing filtered by branch lacks {len(lacking)} newer runs"
    return Result.ASSUMED, "both listings agree now"


EXPERIMENTS: Final[Mapping[str, Experiment]] = {
    "spelling of names": environment_spelling,
    "run state beside a parallel job": waiting_run_state,
    "cancelled waiting jobs": cancelled_waiting_job,
    "deployment: false": job_without_deployment,
    "job lists after a partial re-run": jobs_after_partial_rerun,
    "filtered against unfiltered listings": filtered_listing,
}


def _newest(subject: Subject, is_wanted: Callable[[WorkflowRun], bool]) -> list[WorkflowRun]:
    """List the newest runs of a kind, of the 100 newest runs in all."""
    return list(islice(filter(is_wanted, subject.prober.list_runs(subject.address)), _RUNS))


def _ended(subject: Subject, path: str, job: str) -> tuple[WorkflowRun, str | None] | None:
    """Find the newest execution of a job that is over; one with a name of its own is not found."""
    file = path.rpartition("/")[2]
    for run in subject.prober.list_runs(subject.address, workflow=file)[:_RUNS]:
        for it in subject.prober.list_jobs(subject.address, run.run_id, attempt=run.run_attempt):
            if it.name == job and it.status == COMPLETED:
                return run, it.conclusion
    return None
