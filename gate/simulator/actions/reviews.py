"""Answers to jobs that wait at a protected environment: by Apps, reviewers and administrators."""

import time

from gate.simulator.actions import gates, runs
from gate.simulator.actions.gates import State
from gate.simulator.events import deployments as deployment_events
from gate.simulator.state.accounts import Account
from gate.simulator.state.repositories import Environment
from gate.simulator.state.runs import Job, ReviewEntry, Run
from gate.simulator.state.world import World

REPORT_LIMIT = 10
COMMENT_LIMIT = 1024

NOTHING_PENDING = "No pending deployment requests to approve or reject"
ALREADY_REVIEWED = "Deployment protection rule has already been reviewed"
CONCURRENT = "There was a problem approving one of the gates"


class Unprocessable(Exception):
    """GitHub answers a review with 422 and this message."""


def decide(world: World, run: Run, app_id: int, name: str, state: State, comment: str) -> None:
    """Review whatever of an App's rule is pending for a run and an environment name.

    Raises `Unprocessable` with the text that clients of the real endpoint report.
    """
    comment = _within_limit(world, comment, world.switches.decision_comment_limited)
    environment = _environment(world, run, name)
    _refuse_overlap(world, run, environment)
    waiting = gates.waiting_jobs(run, environment)
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
    gates.answer(world, run, jobs, state, app_id=app_id)
    if world.switches.own_decision_sends_deployment_review:
        deployment_events.reviewed(
            world, run, jobs, environment, approver=bot, state=state, comment=comment
        )


def report(world: World, run: Run, app_id: int, name: str, comment: str) -> None:
    """Record a status report of an App, ten times at most; it decides nothing."""
    comment = _within_limit(world, comment, limited=True)
    environment = _environment(world, run, name)
    pending = [
        job.gate
        for job in gates.waiting_jobs(run, environment)
        if job.gate and job.gate.rules.get(app_id) == "pending"
    ]
    if not pending:
        raise Unprocessable(NOTHING_PENDING)
    if world.switches.report_budget_per == "deployment":
        spent = max(gate.reports for gate in pending)
    else:
        spent = run.reports.get((environment.id, app_id), 0)
    if spent >= REPORT_LIMIT:
        if world.switches.eleventh_report == "ignored":
            return
        raise Unprocessable("Deployment protection rule has reached the limit of status reports")
    run.reports[environment.id, app_id] = run.reports.get((environment.id, app_id), 0) + 1
    for gate in pending:
        gate.reports += 1
    if world.switches.reports_in_approvals:
        bot = world.apps[app_id].bot
        run.history.append(ReviewEntry((environment,), "pending", bot, comment))


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
        for job in gates.waiting_jobs(run, environment)
        if job.gate and job.gate.reviewers == "pending"
    ]
    world.require(jobs, f"nothing waits for a reviewer at {environment.name} of {repository.name}")
    run.history.append(ReviewEntry((environment,), state, user, comment))
    deployment_events.reviewed(
        world, run, jobs, environment, approver=user, state=state, comment=comment
    )
    gates.answer(world, run, jobs, state, app_id=None)
    return jobs


def bypass(
    world: World, run: Run, environment: Environment, user: Account, comment: str
) -> list[Job]:
    """Let an administrator start all waiting jobs of an environment past its rules."""
    role = world.role(world.repository_of(run), user)
    world.require(role == "admin", f"{user.login} does not administer the repository")
    world.require(environment.can_admins_bypass, f"{environment.name} cannot be bypassed")
    jobs = gates.waiting_jobs(run, environment)
    world.require(jobs, f"nothing waits at {environment.name}")
    if world.switches.bypass_in_approvals:
        run.history.append(ReviewEntry((environment,), "approved", user, comment))
    for job in jobs:
        gates.start(world, run, job)
    if world.switches.bypass_sends_deployment_review:
        deployment_events.reviewed(
            world, run, jobs, environment, approver=user, state="approved", comment=comment
        )
    runs.settle(world, run)
    return jobs


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
    """Check whether a call spells an environment as GitHub accepts it."""
    return world.switches.environment_spelling == "any_case" or name == environment.name


def _refuse_overlap(world: World, run: Run, environment: Environment) -> None:
    """Refuse a review while the answer to another one is still under way."""
    until = world.review_windows.pop((run.id, environment.id), 0.0)
    if world.switches.concurrent_reviews_conflict and until > time.monotonic():
        world.review_windows[run.id, environment.id] = until
        raise Unprocessable(CONCURRENT)
