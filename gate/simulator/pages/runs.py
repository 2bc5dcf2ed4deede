"""The pages of Actions: runs, attempts, jobs, and the lists of runs and deployments."""

from collections.abc import Iterator

from gate.simulator.pages.subject import (
    Deed,
    Fact,
    Section,
    Subject,
    commit_fact,
    page_of,
    person_fact,
    repository_fact,
    time_fact,
    words,
)
from gate.simulator.state.accounts import Account
from gate.simulator.state.repositories import Repository
from gate.simulator.state.runs import Attempt, Job, PendingJob, ReviewEntry, Run
from gate.simulator.state.world import World

_LISTED = 30
_DONE = 'On GitHub, "Re-run all jobs" and "Re-run failed jobs" are on this page.'
_UNDER_WAY = 'On GitHub, "Cancel workflow" is on this page.'
_WAITING = (
    'On GitHub, "Review deployments" and "Cancel workflow" are on this page. An App with a'
    " deployment protection rule answers by itself."
)


def describe_run(world: World, repository: Repository, run_id: str) -> Subject | None:
    """Describe the latest attempt of a run, with the attempts before it."""
    run = _find_run(world, repository, run_id)
    return _run(world, run, run.attempt, "") if run is not None else None


def describe_attempt(
    world: World, repository: Repository, run_id: str, number: str
) -> Subject | None:
    """Describe one attempt of a run."""
    run = _find_run(world, repository, run_id)
    attempts = run.attempts if run is not None else []
    found = next((it for it in attempts if it.number == int(number)), None)
    if run is None or found is None:
        return None
    return _run(world, run, found, f", attempt {found.number}")


def describe_job(world: World, repository: Repository, run_id: str, job_id: str) -> Subject | None:
    """Describe a job of a run."""
    run, job = world.jobs.get(int(job_id), (None, None))
    if run is None or job is None or run is not _find_run(world, repository, run_id):
        return None
    facts = [
        repository_fact(repository),
        Fact("Workflow run", str(run.id), page_of(repository, "actions/runs", run.id)),
        Fact("Attempt", str(job.attempt)),
        Fact("Name", job.name),
        Fact("Status", words(job.status)),
        Fact("Conclusion", words(job.conclusion)),
    ]
    if job.gate is not None:
        facts.append(Fact("Environment", job.gate.environment.name))
    again: tuple[Deed, ...] = ()
    if run.attempt.status == "completed":
        again = (Deed("rerun_job", {"run_id": run.id, "job": job.name}),)
    told = 'On GitHub, this page has the log of the job and "Re-run job".'
    return Subject(f"Job {job.id}", tuple(facts), told, deeds=again)


def list_runs(world: World, repository: Repository) -> Subject:
    """List the newest runs of a repository."""
    return _runs(world, repository, repository.run_ids, "The workflow runs")


def list_workflow_runs(world: World, repository: Repository, file: str) -> Subject | None:
    """List the newest runs of a workflow, which is named by its file."""
    found = repository.workflows.get(f".github/workflows/{file}")
    if found is None:
        return None
    return _runs(world, repository, found.run_ids, f"The runs of the workflow {file}")


def list_deployments(world: World, repository: Repository) -> Subject:
    """List the newest deployments of a repository."""
    facts = [repository_fact(repository)]
    for deployment_id in reversed(repository.deployment_ids[-_LISTED:]):
        it = world.deployments[deployment_id]
        state = words(it.statuses[-1].state if it.statuses else None)
        run = page_of(repository, "actions/runs", it.run_id)
        facts.append(Fact(it.environment, f"run {it.run_id}: {state}", run))
    told = "On GitHub, this page lists the deployments, newest first."
    return Subject(f"The deployments of {repository.full_name}", tuple(facts), told)


def _find_run(world: World, repository: Repository, run_id: str) -> Run | None:
    found = world.runs.get(int(run_id))
    return found if found is not None and found.repository_id == repository.id else None


def _runs(world: World, repository: Repository, run_ids: list[int], name: str) -> Subject:
    facts = [repository_fact(repository)]
    for run_id in reversed(run_ids[-_LISTED:]):
        run = world.runs[run_id]
        state = words(run.attempt.conclusion or run.attempt.status)
        path = page_of(repository, "actions/runs", run_id)
        facts.append(Fact(run.workflow.name, f"run {run_id}: {state}", path))
    told = 'On GitHub, "Run workflow" is on the page of a workflow.'
    again = Deed("validate", {"repository": repository.full_name, "conclusion": "success"})
    return Subject(name, tuple(facts), told, deeds=(again,))


def _run(world: World, run: Run, attempt: Attempt, which: str) -> Subject:
    repository = world.repository_of(run)
    facts = (
        repository_fact(repository),
        Fact("Title", run.display_title),
        Fact("Workflow", run.workflow.path, page_of(repository, "blob/HEAD", run.workflow.path)),
        Fact("Event", run.event),
        Fact("Branch", run.head_branch),
        commit_fact(repository, run.head_sha),
        Fact("Status", words(attempt.status)),
        Fact("Conclusion", words(attempt.conclusion)),
        Fact("Attempt", f"{attempt.number} of {run.attempt.number}"),
        person_fact("Started by", attempt.triggering_actor),
        time_fact("Started", attempt.run_started_at),
        time_fact("Updated", attempt.updated_at),
    )
    sections = (
        Section("Pending deployments", tuple(_pending(world, _waiting(attempt)))),
        Section("Jobs", tuple(_jobs(run, repository, attempt))),
        Section("Attempts", tuple(_attempts(run, repository))),
        *map(_review, run.history),
    )
    told, deeds = _deeds(run)
    filled = tuple(it for it in sections if it.facts or it.text)
    return Subject(f"Workflow run {run.id}{which}", facts, told, filled, deeds)


def _waiting(attempt: Attempt) -> list[PendingJob]:
    return [job.gate for job in attempt.jobs if job.gate is not None and job.gate.open]


def _pending(world: World, waiting: list[PendingJob]) -> Iterator[Fact]:
    for gate in waiting:
        asked = [
            f"the App {world.apps[it].slug}" for it, said in gate.rules.items() if said == "pending"
        ]
        if gate.reviewers == "pending":
            asked.append("a required reviewer")
        if gate.timer_until is not None:
            asked.append(f"its timer, until {gate.timer_until:%Y-%m-%d %H:%M} UTC")
        yield Fact(gate.environment.name, f"waits for {', '.join(asked) or 'nothing'}")


def _jobs(run: Run, repository: Repository, attempt: Attempt) -> Iterator[Fact]:
    for job in attempt.jobs:
        path = page_of(repository, "actions/runs", run.id, "job", job.id)
        yield Fact(job.name, _state(job), path)


def _attempts(run: Run, repository: Repository) -> Iterator[Fact]:
    for it in run.attempts:
        path = page_of(repository, "actions/runs", run.id, "attempts", it.number)
        yield Fact(f"Attempt {it.number}", _state(it), path)


def _review(it: ReviewEntry) -> Section:
    environments = tuple(Fact("Environment", each.name) for each in it.environments)
    return Section(f"Review by {it.user.login}: {it.state}", environments, it.comment)


def _state(it: Attempt | Job) -> str:
    return words(it.conclusion or it.status)


def _deeds(run: Run) -> tuple[str, tuple[Deed, ...]]:
    """Return what one could do to a run on GitHub, and the commands that do it here."""
    if run.attempt.status == "completed":
        return _DONE, (Deed("rerun", {"run_id": run.id}),)
    cancel = Deed("cancel_run", {"run_id": run.id})
    waiting = _waiting(run.attempt)
    if not waiting:
        end = Deed("complete_run", {"run_id": run.id, "conclusion": "success"})
        return _UNDER_WAY, (end, cancel)
    reviews = (
        Deed(
            "review_as",
            {
                "login": reviewer.login,
                "run_id": run.id,
                "environment": gate.environment.name,
                "state": "approved",
            },
        )
        for gate in waiting
        if gate.reviewers == "pending"
        for reviewer in gate.environment.reviewers
        if isinstance(reviewer, Account)
    )
    return _WAITING, (*reviews, cancel)
