"""Events of deployments, their statuses, protection rules and reviews."""

from datetime import datetime

from gate.simulator.clock import timestamp
from gate.simulator.events.announcement import announce
from gate.simulator.shapes import accounts, actions, deployments, repositories
from gate.simulator.state.accounts import Account
from gate.simulator.state.deployments import Deployment, DeploymentStatus
from gate.simulator.state.repositories import Environment, Repository
from gate.simulator.state.runs import Job, PendingJob, Run
from gate.simulator.state.world import Json, World


def deployment_created(world: World, run: Run, deployment: Deployment) -> None:
    """Send `deployment` for a deployment that Actions created."""
    repository = world.repository_of(run)

    def body() -> Json:
        return {
            "deployment": deployments.deployment(world, deployment),
            "workflow": actions.workflow(world, repository, run.workflow),
            "workflow_run": actions.waiting_workflow_run(world, run),
        }

    announce(world, repository, "deployment", "created", body, deployment.creator)


def deployment_status_created(
    world: World, deployment: Deployment, status: DeploymentStatus
) -> None:
    """Send `deployment_status`; GitHub does not for `inactive`."""
    if status.state == "inactive":
        return
    repository = world.repositories[deployment.repository_id]

    def body() -> Json:
        run, job = world.jobs[deployment.job_id]
        return {
            "deployment_status": deployments.deployment_status(world, deployment, status),
            "deployment": deployments.deployment(world, deployment),
            "check_run": check_run(world, run, job),
            "workflow": actions.workflow(world, repository, run.workflow),
            "workflow_run": actions.waiting_workflow_run(world, run),
        }

    announce(world, repository, "deployment_status", "created", body, status.creator)


def check_run(world: World, run: Run, job: Job) -> Json:
    """Describe the check run of a job, which ties a deployment status to it."""
    described = actions.job(world, run, job)
    return {
        "id": job.id,
        "name": job.name,
        "node_id": described["node_id"],
        "head_sha": run.head_sha,
        "external_id": str(job.id),
        "url": described["check_run_url"],
        "html_url": described["html_url"],
        "details_url": described["html_url"],
        "status": job.status,
        "conclusion": job.conclusion,
        "started_at": described["started_at"],
        "completed_at": described["completed_at"],
    }


def protection_rule_requested(world: World, run: Run, gate: PendingJob, app_id: int) -> None:
    """Ask an App about one job by `deployment_protection_rule`.

    The payload carries the undocumented `sha` and `ref` of real deliveries, and, like them,
    neither the run nor its attempt: only the callback address has the run id.
    """
    repository = world.repository_of(run)
    root = repositories.api_url(world, repository)
    deployment = world.deployment_of(gate)
    shown = {}
    sender = run.attempt.triggering_actor
    if deployment is not None:
        shown = {"deployment": deployments.deployment(world, deployment)}
        sender = deployment.creator

    def body() -> Json:
        return {
            "environment": gate.environment.name,
            "event": run.event,
            "sha": run.head_sha,
            "ref": run.head_branch,
            "deployment_callback_url": f"{root}/actions/runs/{run.id}/deployment_protection_rule",
            "pull_requests": [],
        } | shown

    event = "deployment_protection_rule"
    announce(world, repository, event, "requested", body, sender, app_id)


def review_requested(
    world: World, run: Run, job: Job, environment: Environment, since: datetime
) -> None:
    """Send `deployment_review` because a job waits for required reviewers."""
    repository = world.repository_of(run)
    if withheld(world, repository):
        return

    def body() -> Json:
        return {
            "since": timestamp(since),
            "environment": environment.name,
            "requestor": accounts.simple_user(world, run.attempt.triggering_actor),
            "reviewers": reviewers(world, environment),
            "workflow_job_run": deployments.workflow_job_run(world, run, job, environment.name),
            "workflow_run": actions.waiting_workflow_run(world, run),
        }

    sender = run.attempt.triggering_actor
    announce(world, repository, "deployment_review", "requested", body, sender)


def reviewed(
    world: World,
    run: Run,
    jobs: list[Job],
    environment: Environment,
    *,
    approver: Account,
    state: str,
    comment: str,
) -> None:
    """Send `deployment_review`: approved or rejected.

    It has no `environment` of its own, the job runs name it.
    """
    repository = world.repository_of(run)
    if withheld(world, repository):
        return

    def body() -> Json:
        reviewed_jobs = [
            deployments.workflow_job_run(world, run, job, environment.name) for job in jobs
        ]
        return {
            "since": timestamp(_reviewed_since(world, jobs)),
            "approver": accounts.simple_user(world, approver),
            "comment": comment,
            "reviewers": reviewers(world, environment),
            # Nameless, as in the published schema; the list has the names.
            "workflow_job_run": reviewed_jobs[0] | {"name": None} if reviewed_jobs else None,
            "workflow_job_runs": reviewed_jobs,
            "workflow_run": actions.waiting_workflow_run(world, run),
        }

    announce(world, repository, "deployment_review", state, body, approver)


def _reviewed_since(world: World, jobs: list[Job]) -> datetime:
    """Return `since` of a review: when it was submitted, or since when the jobs waited for it."""
    waits = [job.gate.since for job in jobs if job.gate is not None]
    if world.switches.review_since == "waiting" and waits:
        return min(waits)
    return world.now()


def reviewers(world: World, environment: Environment) -> list[Json]:
    """List the required reviewers as `deployment_review` does: a team without its `type`."""
    listed = deployments.reviewers(world, environment)
    for each in listed:
        if each["type"] == "Team":
            del each["reviewer"]["type"]
    return listed


def withheld(world: World, repository: Repository) -> bool:
    """Check whether `deployment_review` is withheld because there is no organization."""
    owned_by_user = repository.owner.type != "Organization"
    return owned_by_user and world.switches.reviews_without_organization == "withheld"
