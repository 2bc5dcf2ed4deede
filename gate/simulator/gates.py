"""Jobs at a protected environment: who is asked, who answers, and what follows.

Custom deployment protection rules, required reviewers and a wait timer run in parallel; a job
goes on when all have passed and fails when one rejects ("Reviewing deployments", "Creating
custom deployment protection rules").
"""

import time
from datetime import timedelta
from typing import Literal

from gate.simulator import events, runs
from gate.simulator.state import Account, Environment, Job, PendingJob, ReviewEntry, Run
from gate.simulator.world import World

# "Usage limits for GitHub Actions": gate approval time.
APPROVAL_LIMIT = timedelta(days=30)
REPORT_LIMIT = 10
COMMENT_LIMIT = 1024

NOTHING_PENDING = "No pending deployment requests to approve or reject"
ALREADY_REVIEWED = "Deployment protection rule has already been reviewed"
CONCURRENT = "There was a problem approving one of the gates"

State = Literal["approved", "rejected"]


class Unprocessable(Exception):
    """GitHub answers a review with 422 and this message."""


def reach(
    world: World, run: Run, environment: Environment, job_name: str, *, deploys: bool = True
) -> Job:
    """Bring a job to an environment: deployment, `waiting`, and everybody is asked.

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
            events.review_requested(world, run, job, environment, now)
        if gate.timer_until is None or world.switches.wait_timer == "parallel":
            _ask(world, run, gate)
    _go_on_if_passed(world, run, job)
    runs.settle(world, run)
    return job


def _covered(world: World, run: Run, environment: Environment, app_id: int) -> bool:
    """Tell whether an App's earlier approval covers a job that comes now, as the switches say."""
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
            events.protection_rule_requested(world, run, gate, app_id)


def waiting_jobs(run: Run, environment: Environment | None = None) -> list[Job]:
    """List the jobs of the latest attempt that wait, at one environment or at any."""
    return [
        job
        for job in run.attempt.jobs
        if job.gate is not None and job.gate.open and environment in (None, job.gate.environment)
    ]


def decide(world: World, run: Run, app_id: int, name: str, state: State, comment: str) -> None:
    """Review whatever of an App's rule is pending for a run and an environment name.

    Raises `Unprocessable` with the text that clients of the real endpoint report.
    """
    comment = _within_limit(world, comment, world.switches.decision_comment_limited)
    environment = _environment(world, run, name)
    _refuse_overlap(world, run, environment)
    waiting = waiting_jobs(run, environment)
    jobs = [job for job in waiting if job.gate and job.gate.rules.get(app_id) == "pending"]
    if not jobs:
        reviewed = any(job.gate and app_id in job.gate.rules for job in waiting)
        raise Unprocessable(ALREADY_REVIEWED if reviewed else NOTHING_PENDING)
    if world.latency:
        world.review_windows[run.id, environment.id] = time.monotonic() + world.latency
    bot = world.apps[app_id].bot
    if world.switches.own_decision_in_approvals:
        run.history.append(ReviewEntry((environment,), state, bot, comment))
    if state == "approved":
        run.approved_in[environment.id, app_id] = run.attempt.number
    _answer(world, run, jobs, state, app_id=app_id)
    if world.switches.own_decision_sends_deployment_review:
        events.reviewed(world, run, jobs, environment, approver=bot, state=state, comment=comment)


def report(world: World, run: Run, app_id: int, name: str, comment: str) -> None:
    """Record a status report of an App, ten times at most; it decides nothing."""
    comment = _within_limit(world, comment, limited=True)
    environment = _environment(world, run, name)
    gates = [
        job.gate
        for job in waiting_jobs(run, environment)
        if job.gate and job.gate.rules.get(app_id) == "pending"
    ]
    if not gates:
        raise Unprocessable(NOTHING_PENDING)
    if world.switches.report_budget_per == "deployment":
        spent = max(gate.reports for gate in gates)
    else:
        spent = run.reports.get((environment.id, app_id), 0)
    if spent >= REPORT_LIMIT:
        if world.switches.eleventh_report == "ignored":
            return
        raise Unprocessable("Deployment protection rule has reached the limit of status reports")
    run.reports[environment.id, app_id] = run.reports.get((environment.id, app_id), 0) + 1
    for gate in gates:
        gate.reports += 1
    if world.switches.reports_in_approvals:
        bot = world.apps[app_id].bot
        run.history.append(ReviewEntry((environment,), "pending", bot, comment))


def _within_limit(world: World, comment: str, limited: bool) -> str:  # noqa: FBT001 - a switch
    if limited and len(comment) > COMMENT_LIMIT:
        if world.switches.overlong_comment == "unprocessable":
            raise Unprocessable(f"Comment is too long (maximum is {COMMENT_LIMIT} characters)")
        return comment[:COMMENT_LIMIT]
    return comment


def _environment(world: World, run: Run, name: str) -> Environment:
    repository = world.repository_of(run)
    environment = repository.environments.get(name.lower())
    if environment is None or not is_spelled_well(world, environment, name):
        silent = world.switches.unknown_environment == "nothing_pending"
        raise Unprocessable(NOTHING_PENDING if silent else f"Could not find environment {name}")
    return environment


def is_spelled_well(world: World, environment: Environment, name: str) -> bool:
    """Tell whether a call names an environment in a way that GitHub takes."""
    return world.switches.environment_spelling == "any_case" or name == environment.name


def _refuse_overlap(world: World, run: Run, environment: Environment) -> None:
    """Refuse a review while the answer to another one is still under way."""
    until = world.review_windows.pop((run.id, environment.id), 0.0)
    if world.switches.concurrent_reviews_conflict and until > time.monotonic():
        world.review_windows[run.id, environment.id] = until
        raise Unprocessable(CONCURRENT)


def review_as_user(
    world: World, run: Run, environment: Environment, user: Account, state: State, comment: str
) -> list[Job]:
    """Let a required reviewer approve or reject what waits at an environment."""
    repository = world.repository_of(run)
    world.require(
        any(
            user is reviewer
            if isinstance(reviewer, Account)
            else user.login.lower() in reviewer.members
            for reviewer in environment.reviewers
        ),
        f"{user.login} is no required reviewer of {environment.name}",
    )
    if environment.prevent_self_review:
        original = world.switches.prevent_self_review_binds == "actor"
        initiator = run.actor if original else run.attempt.triggering_actor
        world.require(user is not initiator, f"{user.login} initiated the deployment")
    jobs = [
        job
        for job in waiting_jobs(run, environment)
        if job.gate and job.gate.reviewers == "pending"
    ]
    world.require(jobs, f"nothing waits for a reviewer at {environment.name} of {repository.name}")
    run.history.append(ReviewEntry((environment,), state, user, comment))
    events.reviewed(world, run, jobs, environment, approver=user, state=state, comment=comment)
    _answer(world, run, jobs, state, app_id=None)
    return jobs


def bypass(
    world: World, run: Run, environment: Environment, user: Account, comment: str
) -> list[Job]:
    """Let an administrator start all waiting jobs of an environment past its rules."""
    role = world.role(world.repository_of(run), user)
    world.require(role == "admin", f"{user.login} does not administer the repository")
    world.require(environment.can_admins_bypass, f"{environment.name} cannot be bypassed")
    jobs = waiting_jobs(run, environment)
    world.require(jobs, f"nothing waits at {environment.name}")
    if world.switches.bypass_in_approvals:
        run.history.append(ReviewEntry((environment,), "approved", user, comment))
    for job in jobs:
        _start(world, run, job)
    if world.switches.bypass_sends_deployment_review:
        events.reviewed(
            world, run, jobs, environment, approver=user, state="approved", comment=comment
        )
    runs.settle(world, run)
    return jobs


def _answer(world: World, run: Run, jobs: list[Job], state: State, app_id: int | None) -> None:
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
        _start(world, run, job)


def _start(world: World, run: Run, job: Job) -> None:
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
