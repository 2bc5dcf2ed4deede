"""Workflows, runs, jobs and artifacts as GitHub's REST API and webhooks show them."""

from datetime import timedelta
from urllib.parse import quote

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.shapes.repositories import api_url, html_url, minimal_repository
from gate.simulator.state.repositories import Repository, Workflow
from gate.simulator.state.runs import Artifact, Attempt, Job, Run
from gate.simulator.state.world import Json, World

# Artifacts are kept this long unless configured otherwise: "Storing and sharing data from a
# workflow".
ARTIFACT_RETENTION = timedelta(days=90)


def workflow(world: World, repository: Repository, value: Workflow) -> Json:
    """Describe a workflow file."""
    page = f"{html_url(world, repository)}/blob/{repository.default_branch}/{value.path}"
    return {
        "id": value.id,
        "node_id": node_id("W", value.id),
        "name": value.name,
        "path": value.path,
        "state": "active",
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.created_at),
        "url": f"{api_url(world, repository)}/actions/workflows/{value.id}",
        "html_url": page,
        "badge_url": f"{html_url(world, repository)}/workflows/{quote(value.name)}/badge.svg",
    }


def workflow_run(world: World, run: Run, attempt: Attempt | None = None) -> Json:
    """Describe one attempt of a run, by default the latest."""
    attempt = attempt or run.attempt
    repository = world.repositories[run.repository_id]
    root = api_url(world, repository)
    url = f"{root}/actions/runs/{run.id}"
    suite = run.id + 28_000_000_000
    previous = None if attempt.number == 1 else f"{url}/attempts/{attempt.number - 1}"
    head = world.repositories[run.head_repository_id]
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": node_id("WFR", run.id),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.workflow.path,
        "display_title": run.display_title,
        "run_number": run.run_number,
        "event": run.event,
        "status": attempt.status,
        "conclusion": attempt.conclusion,
        "workflow_id": run.workflow.id,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CS", suite),
        "url": url,
        "html_url": f"{html_url(world, repository)}/actions/runs/{run.id}",
        "pull_requests": [],
        "created_at": timestamp(run.created_at),
        "updated_at": timestamp(attempt.updated_at),
        "actor": simple_user(world, run.actor),
        "run_attempt": attempt.number,
        "referenced_workflows": [],
        "run_started_at": timestamp(attempt.run_started_at),
        "triggering_actor": simple_user(world, attempt.triggering_actor),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{root}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": previous,
        "workflow_url": f"{root}/actions/workflows/{run.workflow.id}",
        "head_commit": head_commit(run),
        "repository": minimal_repository(world, repository),
        "head_repository": minimal_repository(world, head),
    }


def waiting_workflow_run(world: World, run: Run) -> Json:
    """Describe a run as the webhooks of deployments carry it: without its commit."""
    return workflow_run(world, run) | {"head_commit": None}


def head_commit(run: Run) -> Json:
    """Describe the commit a run is for, as `simple-commit`."""
    person = {"name": run.actor.login, "email": f"{run.actor.login}@users.noreply.github.test"}
    return {
        "id": run.head_sha,
        "tree_id": run.head_sha,
        "message": run.display_title,
        "timestamp": timestamp(run.created_at),
        "author": person,
        "committer": person,
    }


def job_page(world: World, run: Run, job: Job) -> str:
    """Return the page of a job."""
    repository = world.repositories[run.repository_id]
    return f"{html_url(world, repository)}/actions/runs/{run.id}/job/{job.id}"


def job(world: World, run: Run, value: Job) -> Json:
    """Describe a job of a run."""
    root = api_url(world, world.repositories[run.repository_id])
    started = value.started_at or value.created_at
    return {
        "id": value.id,
        "run_id": run.id,
        "workflow_name": run.workflow.name,
        "head_branch": run.head_branch,
        "run_url": f"{root}/actions/runs/{run.id}",
        "run_attempt": value.attempt,
        "node_id": node_id("CR", value.id),
        "head_sha": run.head_sha,
        "url": f"{root}/actions/jobs/{value.id}",
        "html_url": job_page(world, run, value),
        "status": value.status,
        "conclusion": value.conclusion,
        "created_at": timestamp(value.created_at),
        "started_at": timestamp(started),
        "completed_at": timestamp(value.completed_at) if value.completed_at else None,
        "name": value.name,
        "steps": [],
        "check_run_url": f"{root}/check-runs/{value.id}",
        "labels": ["ubuntu-latest"],
        "runner_id": None,
        "runner_name": None,
        "runner_group_id": None,
        "runner_group_name": None,
    }


def artifact(world: World, run: Run, value: Artifact) -> Json:
    """Describe an artifact of a run; its download address serves for a minute."""
    url = f"{api_url(world, world.repositories[run.repository_id])}/actions/artifacts/{value.id}"
    expires_at = value.created_at + ARTIFACT_RETENTION
    return {
        "id": value.id,
        "node_id": node_id("MDg6QXJ0aWZhY3Q", value.id),
        "name": value.name,
        "size_in_bytes": value.size_in_bytes,
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": expires_at <= world.now(),
        "digest": f"sha256:{world.sha(value.id) + world.sha(value.name)[:24]}",
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.created_at),
        "expires_at": timestamp(expires_at),
        "workflow_run": {
            "id": run.id,
            "repository_id": run.repository_id,
            "head_repository_id": run.head_repository_id,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        },
    }
