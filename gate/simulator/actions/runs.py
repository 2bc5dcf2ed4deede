"""The life of a workflow run: attempts, jobs, deployments and how they end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from gate.simulator.events import deployments as deployment_events
from gate.simulator.events import runs as run_events
from gate.simulator.state.accounts import Account
from gate.simulator.state.deployments import Deployment, DeploymentStatus
from gate.simulator.state.repositories import Repository
from gate.simulator.state.runs import Attempt, Job, Run
from gate.simulator.state.world import World

# "Usage limits for GitHub Actions": a run, waiting and approval included, is cancelled after it.
RUN_LIMIT = timedelta(days=35)
# "Re-running workflows and jobs": up to this long after the initial run.
RERUN_LIMIT = timedelta(days=30)

CONCLUSIONS = frozenset(
    {
        "action_required",
        "cancelled",
        "failure",
        "neutral",
        "skipped",
        "stale",
        "startup_failure",
        "success",
        "timed_out",
    }
)


def add_job(world: World, run: Run, name: str, status: str, conclusion: str | None = None) -> Job:
    """Add a job to the latest attempt of a run."""
    now = world.now()
    job = Job(
        id=world.new_id("job"),
        name=name,
        attempt=run.attempt.number,
        status=status,
        conclusion=conclusion,
        created_at=now,
        started_at=now if status in ("in_progress", "completed") else None,
        completed_at=now if status == "completed" else None,
    )
    run.attempt.jobs.append(job)
    world.jobs[job.id] = (run, job)
    return job


def begin_attempt(
    world: World, run: Run, actor: Account, rerun: Callable[[Job], bool] = lambda _: True
) -> Attempt:
    """Start the next attempt of a completed run: same id, same commit, new `run_started_at`.

    Jobs that `rerun` leaves out keep their result and their times; whether the new attempt lists
    them is a switch.
    """
    now = world.now()
    world.require(run.attempt.status == "completed", "This workflow is already running")
    world.require(
        now - run.created_at <= RERUN_LIMIT,
        "Unable to re-run this workflow run because it was created over a month ago",
    )
    newest = newest_jobs(run)
    again = tuple(job.name for job in newest if rerun(job))
    kept = [job for job in newest if not rerun(job)]
    attempt = Attempt(len(run.attempts) + 1, "queued", None, actor, now, now, again)
    run.attempts.append(attempt)
    if world.switches.partial_rerun_lists == "all":
        for job in kept:
            carried = replace(
                job, id=world.new_id("job"), attempt=attempt.number, gate=None, carried=True
            )
            attempt.jobs.append(carried)
            world.jobs[carried.id] = (run, carried)
    run_events.workflow_run(world, run, "requested")
    return attempt


def has_failed(job: Job) -> bool:
    """Check whether "re-run failed jobs" runs a job again."""
    return job.conclusion not in ("success", "skipped", "neutral")


def newest_jobs(run: Run) -> list[Job]:
    """List the newest execution of each job of a run."""
    newest: dict[str, list[Job]] = {}
    for attempt in run.attempts:
        named: dict[str, list[Job]] = {}
        for job in attempt.jobs:
            named.setdefault(job.name, []).append(job)
        newest |= named
    return [job for jobs in newest.values() for job in jobs]


def progress(world: World, run: Run) -> None:
    """Let a run that was only requested begin."""
    if run.attempt.status in ("queued", "requested", "pending"):
        run.attempt.status = "in_progress"
        run.attempt.updated_at = world.now()
        run_events.workflow_run(world, run, "in_progress")


def complete(world: World, run: Run, conclusion: str) -> None:
    """End the latest attempt; jobs that still waited or ran end with it."""
    world.require(run.attempt.status != "completed", f"run {run.id} is completed already")
    world.require(conclusion in CONCLUSIONS, f"GitHub knows no conclusion {conclusion!r}")
    was_pending = run.attempt.status == "pending"
    if conclusion not in ("startup_failure", "action_required") and not was_pending:
        _add_missing_jobs(world, run, conclusion)
    for job in run.attempt.jobs:
        if job.status != "completed":
            end_job(world, run, job, conclusion)
    run.attempt.status = "completed"
    run.attempt.conclusion = conclusion
    run.attempt.updated_at = world.now()
    world.waiting_run_ids.discard(run.id)
    run_events.workflow_run(world, run, "completed")


def _add_missing_jobs(world: World, run: Run, conclusion: str) -> None:
    """Add a job to an attempt that has none: no run ends without any."""
    if all(job.carried for job in run.attempt.jobs):
        for name in run.attempt.again or ("job",):
            job = add_job(world, run, name, "completed", conclusion)
            job.started_at = run.attempt.run_started_at


def end_job(world: World, run: Run, job: Job, conclusion: str) -> None:
    """End a job, and its deployment with the state that answers to the conclusion."""
    waited = job.gate is not None and job.gate.open
    job.status = "completed"
    job.conclusion = conclusion
    job.completed_at = world.now()
    job.started_at = job.started_at or job.completed_at
    if job.gate is None:
        return
    job.gate.open = False
    deployment = world.deployment_of(job.gate)
    if deployment is None:
        return
    if conclusion == "success":
        states: tuple[str, ...] = ("success",)
    elif conclusion in ("cancelled", "skipped"):
        states = (world.switches.cancelled_deployment_state,)
    elif waited:
        states = world.switches.rejection_statuses
    else:
        states = ("failure",)
    for state in states:
        add_status(world, deployment, state, run.actor)


def settle(world: World, run: Run) -> None:
    """Set the run's status from its jobs, and end the run when no job is left."""
    attempt = run.attempt
    if attempt.status == "completed":
        return
    open_jobs = [job for job in attempt.jobs if job.status != "completed"]
    if attempt.jobs and not open_jobs:
        failed = any(job.conclusion not in ("success", "skipped") for job in attempt.jobs)
        complete(world, run, "failure" if failed else "success")
        return
    waiting = bool(open_jobs) and all(job.status == "waiting" for job in open_jobs)
    attempt.status = "waiting" if waiting else "in_progress"
    attempt.updated_at = world.now()
    if any(job.gate is not None and job.gate.open for job in open_jobs):
        world.waiting_run_ids.add(run.id)
    else:
        world.waiting_run_ids.discard(run.id)


def add_deployment(
    world: World, repository: Repository, run: Run, job: Job, environment: str
) -> Deployment:
    """Create the deployment of a job that references an environment."""
    now = world.now()
    deployment = Deployment(
        id=world.new_id("deployment"),
        repository_id=repository.id,
        run_id=run.id,
        job_id=job.id,
        sha=run.head_sha,
        ref=run.head_branch,
        environment=environment,
        creator=run.attempt.triggering_actor,
        created_at=now,
        updated_at=now,
    )
    world.deployments[deployment.id] = deployment
    repository.deployment_ids.append(deployment.id)
    deployment_events.deployment_created(world, run, deployment)
    return deployment


def add_status(
    world: World,
    deployment: Deployment,
    state: str,
    creator: Account,
    *,
    description: str = "",
    log_url: str = "",
    environment: str | None = None,
    environment_url: str = "",
    auto_inactive: bool = True,
    app_id: int | None = None,
) -> DeploymentStatus:
    """Add a status to a deployment; on success retire the environment's earlier deployments.

    GitHub retires those that are neither transient nor of a production environment.
    """
    now = world.now()
    status = DeploymentStatus(
        id=world.new_id("deployment_status"),
        state=state,
        creator=creator,
        created_at=now,
        environment=environment or deployment.environment,
        description=description,
        log_url=log_url,
        environment_url=environment_url,
        app_id=app_id,
    )
    deployment.statuses.append(status)
    deployment.updated_at = now
    deployment_events.deployment_status_created(world, deployment, status)
    if state == "success" and auto_inactive and status.environment != "production":
        _retire(world, deployment, status)
    return status


def _retire(world: World, deployment: Deployment, success: DeploymentStatus) -> None:
    repository = world.repositories[deployment.repository_id]
    for deployment_id in reversed(repository.deployment_ids):
        earlier = world.deployments[deployment_id]
        if earlier.id >= deployment.id or earlier.environment != success.environment:
            continue
        latest = earlier.statuses[-1].state if earlier.statuses else None
        if latest == "inactive":
            return
        if latest == "success":
            add_status(world, earlier, "inactive", success.creator)
            return
