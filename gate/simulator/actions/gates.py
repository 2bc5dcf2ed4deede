"""Jobs at a protected environment: who is asked, and what follows from the answers.

Custom deployment protection rules, required reviewers and a wait timer run in parallel; a job
goes on when all have passed and fails when one rejects ("Reviewing deployments", "Creating
custom deployment protection rules"). The answers come from `gate.simulator.actions.reviews`.
"""

from datetime import timedelta
from typing import Literal

from gate.simulator.actions import runs
from gate.simulator.events import deployments as deployment_events
from gate.simulator.state.repositories import Environment
from gate.simulator.state.runs import Job, PendingJob, Run
from gate.simulator.state.world import World

# "Usage limits for GitHub Actions": gate approval time.
APPROVAL_LIMIT = timedelta(days=30)

State = Literal["approved", "rejected"]


def reach(
    world: World, run: Run, environment: Environment, job_name: str, *, deploys: bool = True
) -> Job:
    """Bring a job to an environment: it waits, and every App and reviewer is asked.

    A job that does not deploy uses the environment without a deployment.
    """
    world.require(run.attempt.status != "completed", f"run {run.id} is completed already")
    now = world.now()
    repository = world.repository_of(run)
    job = next(
        (each for each in run.attempt.jobs if each.name == job_name and each.gate is None), None
    )
    if job is None:
        job = runs.add_job(world, run, job_name, "waiting")
    world.require(job.status != "completed", f"job {job_name} is completed already")
    job.status = "waiting"
    deployment = None
    if deploys:
        deployment = runs.add_deployment(world, repository, run, job, environment.name)
    minutes = environment.wait_minutes
    gate = PendingJob(
        environment=environment,
        deployment_id=deployment.id if deployment is not None else None,
        since=now,
        rules=dict.fromkeys((rule.app_id for rule in environment.rules), "pending"),
        reviewers="pending" if environment.reviewers else None,
        timer_until=now + timedelta(minutes=minutes) if minutes else None,
        asked=False,
    )
    job.gate = gate
    if gate.rules and not deploys and world.switches.job_without_deployment == "fails":
        runs.end_job(world, run, job, "failure")
        runs.settle(world, run)
        return job
    for app_id in gate.rules:
        if _covered(world, run, environment, app_id):
            gate.rules[app_id] = "approved"
    if gate.rules or gate.reviewers or gate.timer_until:
        if deployment is not None:
            runs.add_status(world, deployment, "waiting", deployment.creator)
        if gate.reviewers:
            deployment_events.review_requested(world, run, job, environment, now)
        if gate.timer_until is None or world.switches.wait_timer == "parallel":
            _ask(world, run, gate)
    _go_on_if_passed(world, run, job)
    runs.settle(world, run)
    return job


def _covered(world: World, run: Run, environment: Environment, app_id: int) -> bool:
    """Check whether an App's earlier approval covers a later job, as the switches say."""
    approved_in = run.approved_in.get((environment.id, app_id))
    if approved_in is None:
        return False
    if approved_in == run.attempt.number:
        return world.switches.approval_covers_later_jobs
    return not world.switches.rerun_asks_again


def _ask(world: World, run: Run, gate: PendingJob) -> None:
    gate.asked = True
    for app_id, answer in gate.rules.items():
        if answer == "pending":
            deployment_events.protection_rule_requested(world, run, gate, app_id)


def waiting_jobs(run: Run, environment: Environment | None = None) -> list[Job]:
    """List the jobs of the latest attempt that wait, at one environment or at any."""
    return [
        job
        for job in run.attempt.jobs
        if job.gate is not None and job.gate.open and environment in (None, job.gate.environment)
    ]


def answer(world: World, run: Run, jobs: list[Job], state: State, app_id: int | None) -> None:
    """Record the answer of an App or, where that is None, of a reviewer for some jobs."""
    for job in jobs:
        gate = job.gate
        if gate is None:
            continue
        if app_id is None:
            gate.reviewers = state
        else:
            gate.rules[app_id] = state
        if state == "rejected":
            runs.end_job(world, run, job, "failure")
        else:
            _go_on_if_passed(world, run, job)
    runs.settle(world, run)


def _go_on_if_passed(world: World, run: Run, job: Job) -> None:
    gate = job.gate
    if gate is None or not gate.open or gate.reviewers == "pending":
        return
    if gate.timer_until is not None and gate.timer_until > world.now():
        return
    if all(answer == "approved" for answer in gate.rules.values()):
        start(world, run, job)


def start(world: World, run: Run, job: Job) -> None:
    """Send a job to a runner: deployment queued, then in progress."""
    if job.gate is None:
        return
    job.gate.open = False
    deployment = world.deployment_of(job.gate)
    job.status = "queued"
    if deployment is not None:
        runs.add_status(world, deployment, "queued", deployment.creator)
    job.status = "in_progress"
    job.started_at = world.now()
    if deployment is not None:
        runs.add_status(world, deployment, "in_progress", deployment.creator)
    run.attempt.updated_at = job.started_at


def fail_waiting(
    world: World, run: Run, environment: Environment | None = None, app_id: int | None = None
) -> None:
    """Fail the jobs that wait for a rule or at an environment which is no longer there."""
    for job in waiting_jobs(run, environment):
        if job.gate and (app_id is None or app_id in job.gate.rules):
            runs.end_job(world, run, job, "failure")
    runs.settle(world, run)


def pass_time(world: World) -> None:
    """Let timers end, approvals expire after 30 days and runs after 35."""
    now = world.now()
    for run_id in sorted(world.waiting_run_ids):
        run = world.runs[run_id]
        for job in waiting_jobs(run):
            gate = job.gate
            if gate is None:
                continue
            if now - gate.since >= APPROVAL_LIMIT:
                runs.end_job(world, run, job, "failure")
            elif gate.timer_until is not None and gate.timer_until <= now:
                if not gate.asked:
                    _ask(world, run, gate)
                _go_on_if_passed(world, run, job)
        runs.settle(world, run)
        if run.attempt.status != "completed" and now - run.created_at >= runs.RUN_LIMIT:
            runs.complete(world, run, "cancelled")
