"""Webhooks: which Apps hear of an event, and the payload they get.

Payloads are built only when somebody subscribes. GitHub's reference is "Webhook events and
payloads"; where real deliveries carry more than it says, so do these.
"""

from collections.abc import Callable
from datetime import datetime

from gate.simulator.clock import timestamp
from gate.simulator.shapes import accounts, actions, deployments, issues, repositories
from gate.simulator.state import (
    Account,
    App,
    Comment,
    Commit,
    Deployment,
    DeploymentStatus,
    Environment,
    Installation,
    Issue,
    Job,
    PendingJob,
    Repository,
    Run,
)
from gate.simulator.world import Json, Outgoing, World


def announce(
    world: World,
    repository: Repository,
    event: str,
    action: str | None,
    body: Callable[[], Json],
    sender: Account,
    only_app: int | None = None,
) -> None:
    """Send an event of a repository to the Apps that subscribe to it and are not suspended."""
    if world.muted_but is not None and event not in world.muted_but:
        return
    common: Json | None = None
    for installation in world.covering(repository):
        app = world.apps[installation.app_id]
        wanted = event in installation.events and only_app in (None, app.id)
        if not wanted or installation.suspended_at or app.webhook_url is None:
            continue
        if common is None:
            common = {} if action is None else {"action": action}
            common |= body()
            common["repository"] = repositories.repository(world, repository)
            if repository.owner.type == "Organization":
                common["organization"] = accounts.organization(world, repository.owner)
            common["sender"] = accounts.simple_user(world, sender)
        installed = {
            "id": installation.id,
            "node_id": accounts.node_id("MDIzOkludGVncmF0aW9u", installation.id),
        }
        payload = common | {"installation": installed}
        world.post(Outgoing(app, event, action, payload, installation.id, repository.id))


def ping(world: World, app: App) -> None:
    """Greet a webhook that was just configured."""
    hook = {
        "type": "App",
        "id": app.hook_id,
        "name": "web",
        "active": True,
        "events": list(app.events),
        "config": {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
            "url": app.webhook_url,
        },
        "updated_at": timestamp(world.now()),
        "created_at": timestamp(app.created_at),
        "app_id": app.id,
        "deliveries_url": f"{world.api_url}/app/hook/deliveries",
    }
    payload = {"zen": "Responsive is better than fast.", "hook_id": app.hook_id, "hook": hook}
    world.post(Outgoing(app, "ping", None, payload, None, None))


def installation_changed(
    world: World, installation: Installation, action: str, sender: Account
) -> None:
    """Send `installation`; it reaches the App without a subscription."""
    app = world.apps[installation.app_id]
    included = [world.repositories[each] for each in sorted(installation.repository_ids)]
    payload: Json = {
        "action": action,
        "installation": accounts.installation(world, installation),
        "repositories": [repositories.short_repository(each) for each in included],
        "sender": accounts.simple_user(world, sender),
    }
    world.post(Outgoing(app, "installation", action, payload, installation.id, None))


def installation_repositories(
    world: World, installation: Installation, repository: Repository, action: str, sender: Account
) -> None:
    """Send `installation_repositories` for one repository added or removed."""
    app = world.apps[installation.app_id]
    listed = [repositories.short_repository(repository)]
    payload: Json = {
        "action": action,
        "installation": accounts.installation(world, installation),
        "repository_selection": installation.repository_selection,
        "repositories_added": listed if action == "added" else [],
        "repositories_removed": listed if action == "removed" else [],
        "requester": None,
        "sender": accounts.simple_user(world, sender),
    }
    event = "installation_repositories"
    world.post(Outgoing(app, event, action, payload, installation.id, None))


def pushed(
    world: World, repository: Repository, branch: str, before: str | None, commit: Commit
) -> None:
    """Send `push` for one new commit on a branch."""
    sender = world.account(commit.author)
    person = {
        "name": commit.author,
        "email": f"{commit.author}@users.noreply.github.test",
        "username": commit.author,
    }
    page = repositories.html_url(world, repository)

    def body() -> Json:
        described: Json = {
            "id": commit.sha,
            "tree_id": world.sha("tree", commit.sha),
            "distinct": True,
            "message": commit.message,
            "timestamp": commit.committed_at.isoformat(timespec="seconds"),
            "url": f"{page}/commit/{commit.sha}",
            "author": person,
            "committer": person,
            "added": list(commit.added),
            "removed": list(commit.removed),
            "modified": list(commit.modified),
        }
        return {
            "ref": f"refs/heads/{branch}",
            "before": before or "0" * 40,
            "after": commit.sha,
            "created": before is None,
            "deleted": False,
            "forced": False,
            "base_ref": None,
            "compare": f"{page}/compare/{(before or commit.sha)[:12]}...{commit.sha[:12]}",
            "commits": [described],
            "head_commit": described,
            "pusher": {"name": commit.author, "email": person["email"]},
        }

    announce(world, repository, "push", None, body, sender)


def workflow_run(world: World, run: Run, action: str) -> None:
    """Send `workflow_run`: requested, in_progress or completed."""
    repository = world.repository_of(run)

    def body() -> Json:
        return {
            "workflow_run": actions.workflow_run(world, run),
            "workflow": actions.workflow(world, repository, run.workflow),
        }

    announce(world, repository, "workflow_run", action, body, run.attempt.triggering_actor)


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
    neither the run nor its attempt: the run id stands in the callback address alone.
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
    """Give `since` of a review: when it was given, or since when the jobs waited for it."""
    waits = [job.gate.since for job in jobs if job.gate is not None]
    if world.switches.review_since == "waiting" and waits:
        return min(waits)
    return world.now()


def issue_changed(
    world: World,
    repository: Repository,
    issue: Issue,
    action: str,
    sender: Account,
    more: Callable[[], Json] = dict,
) -> None:
    """Send `issues`: opened, edited, closed, reopened, labeled or assigned; some carry `more`."""

    def body() -> Json:
        return {"issue": issues.issue(world, repository, issue)} | more()

    announce(world, repository, "issues", action, body, sender)


def issue_comment(
    world: World,
    repository: Repository,
    issue: Issue,
    comment: Comment,
    action: str,
    sender: Account,
    *,
    before: str | None = None,
) -> None:
    """Send `issue_comment`: created, edited or deleted; an edit tells what was there `before`."""

    def body() -> Json:
        changes = {} if before is None else {"changes": {"body": {"from": before}}}
        return changes | {
            "issue": issues.issue(world, repository, issue),
            "comment": issues.comment(world, repository, comment),
        }

    announce(world, repository, "issue_comment", action, body, sender)


def reviewers(world: World, environment: Environment) -> list[Json]:
    """List the required reviewers as `deployment_review` does: a team without its `type`."""
    listed = deployments.reviewers(world, environment)
    for each in listed:
        if each["type"] == "Team":
            del each["reviewer"]["type"]
    return listed


def withheld(world: World, repository: Repository) -> bool:
    """Tell whether `deployment_review` is not sent for want of an organisation."""
    owned_by_user = repository.owner.type != "Organization"
    return owned_by_user and world.switches.reviews_without_organization == "withheld"
