"""Environments, deployments and reviews as GitHub's REST API and webhooks show them."""

from datetime import timedelta
from urllib.parse import quote

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import app as app_shape
from gate.simulator.shapes.accounts import node_id, simple_user, team
from gate.simulator.shapes.actions import job_page
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state.accounts import Team
from gate.simulator.state.deployments import Deployment, DeploymentStatus
from gate.simulator.state.repositories import Environment, ProtectionRule, Repository
from gate.simulator.state.runs import Job, PendingJob, ReviewEntry, Run
from gate.simulator.state.world import Json, World


def environment_name(world: World, repository: Repository, value: Environment) -> Json:
    """Describe an environment by name and address, without its rules."""
    return {
        "id": value.id,
        "node_id": node_id("EN", value.id),
        "name": value.name,
        "url": f"{api_url(world, repository)}/environments/{quote(value.name, safe='')}",
        "html_url": f"{html_url(world, repository)}/deployments/activity_log"
        f"?environments_filter={quote(value.name, safe='')}",
    }


def environment(world: World, repository: Repository, value: Environment) -> Json:
    """Describe an environment with GitHub's own rules; custom rules are listed elsewhere."""
    rules: list[Json] = []
    if value.wait_minutes:
        rules.append(_rule(value, 1) | {"type": "wait_timer", "wait_timer": value.wait_minutes})
    if value.reviewers:
        rules.append(
            _rule(value, 2)
            | {
                "type": "required_reviewers",
                "prevent_self_review": value.prevent_self_review,
                "reviewers": reviewers(world, value),
            }
        )
    shape: Json = environment_name(world, repository, value) | {
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "protection_rules": rules,
        "deployment_branch_policy": None,
    }
    if world.switches.shows_can_admins_bypass:
        shape["can_admins_bypass"] = value.can_admins_bypass
    return shape


def _rule(value: Environment, kind: int) -> Json:
    number = value.id * 10 + kind
    return {"id": number, "node_id": node_id("GA", number)}


def reviewers(world: World, value: Environment) -> list[Json]:
    """List the required reviewers of an environment."""
    return [
        {"type": "Team", "reviewer": team(world, reviewer)}
        if isinstance(reviewer, Team)
        else {"type": "User", "reviewer": simple_user(world, reviewer)}
        for reviewer in value.reviewers
    ]


def protection_rule(world: World, value: ProtectionRule) -> Json:
    """Describe a custom rule as `deployment-protection-rule`."""
    application = app_shape(world, world.apps[value.app_id])
    return {
        "id": value.id,
        "node_id": node_id("GAR", value.id),
        "enabled": True,
        "app": {
            "id": application["id"],
            "slug": application["slug"],
            "integration_url": f"{world.api_url}/apps/{application['slug']}",
            "node_id": application["node_id"],
        },
    }


def pending_deployment(world: World, repository: Repository, gate: PendingJob) -> Json:
    """Describe an environment a run waits for; which rule is open it does not say."""
    started = None
    if gate.timer_until is not None:
        started = timestamp(gate.timer_until - timedelta(minutes=gate.environment.wait_minutes))
    return {
        "environment": environment_name(world, repository, gate.environment),
        "wait_timer": gate.environment.wait_minutes,
        "wait_timer_started_at": started,
        "current_user_can_approve": False,
        "reviewers": reviewers(world, gate.environment),
    }


def approval(world: World, repository: Repository, entry: ReviewEntry) -> Json:
    """Describe a line of the review history as `environment-approvals`."""
    return {
        "environments": [
            environment_name(world, repository, value)
            | {
                "created_at": timestamp(value.created_at),
                "updated_at": timestamp(value.updated_at),
            }
            for value in entry.environments
        ],
        "state": entry.state,
        "user": simple_user(world, entry.user),
        "comment": entry.comment,
    }


def deployment(world: World, value: Deployment) -> Json:
    """Describe a deployment; `production` alone counts as a production environment."""
    root = api_url(world, world.repositories[value.repository_id])
    return {
        "url": f"{root}/deployments/{value.id}",
        "id": value.id,
        "node_id": node_id("DE", value.id),
        "sha": value.sha,
        "ref": value.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": value.environment,
        "environment": value.environment,
        "description": None,
        "creator": simple_user(world, value.creator),
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "statuses_url": f"{root}/deployments/{value.id}/statuses",
        "repository_url": root,
        "transient_environment": False,
        "production_environment": value.environment == "production",
        "performed_via_github_app": None,
    }


def deployment_status(world: World, value: Deployment, status: DeploymentStatus) -> Json:
    """Describe a status of a deployment."""
    root = api_url(world, world.repositories[value.repository_id])
    via = None if status.app_id is None else app_shape(world, world.apps[status.app_id])
    return {
        "url": f"{root}/deployments/{value.id}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DES", status.id),
        "state": status.state,
        "creator": simple_user(world, status.creator),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "created_at": timestamp(status.created_at),
        "updated_at": timestamp(status.created_at),
        "deployment_url": f"{root}/deployments/{value.id}",
        "repository_url": root,
        "environment_url": status.environment_url,
        "log_url": status.log_url,
        "performed_via_github_app": via,
    }


def workflow_job_run(world: World, run: Run, job: Job, environment_name: str) -> Json:
    """Describe a job as `deployment_review` carries it."""
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status,
        "conclusion": job.conclusion,
        "html_url": job_page(world, run, job),
        "environment": environment_name,
        "created_at": timestamp(job.created_at),
        "updated_at": timestamp(job.completed_at or job.started_at or job.created_at),
    }
