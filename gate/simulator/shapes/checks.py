"""Check runs and suites as GitHub's REST API and webhooks show them."""

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import app as app_shape
from gate.simulator.shapes.accounts import node_id
from gate.simulator.shapes.commits import simple_commit
from gate.simulator.shapes.pull_requests import in_check
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state.checks import CheckRun
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World


def check_run(world: World, repository: Repository, value: CheckRun) -> Json:
    """Describe a check run."""
    url = f"{api_url(world, repository)}/check-runs/{value.id}"
    page = f"{html_url(world, repository)}/runs/{value.id}"
    return {
        "id": value.id,
        "name": value.name,
        "node_id": node_id("CR", value.id),
        "head_sha": value.head_sha,
        "external_id": value.external_id,
        "url": url,
        "html_url": page,
        "details_url": value.details_url or page,
        "status": value.status,
        "conclusion": value.conclusion,
        "started_at": timestamp(value.started_at),
        "completed_at": timestamp(value.completed_at) if value.completed_at else None,
        "output": {
            "title": value.title,
            "summary": value.summary,
            "text": value.text,
            "annotations_count": len(value.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": value.suite_id},
        "app": app_shape(world, world.apps[value.app_id]),
        "pull_requests": _pull_requests(world, repository, value.head_sha),
    }


def check_suite(world: World, repository: Repository, value: CheckRun) -> Json:
    """Describe the suite of a check run; GitHub knows no branch and no request of a fork's."""
    requests = _pull_requests(world, repository, value.head_sha)
    runs = [it for it in repository.check_runs.values() if it.suite_id == value.suite_id]
    url = f"{api_url(world, repository)}/check-suites/{value.suite_id}"
    branches = [name for name, sha in repository.branches.items() if sha == value.head_sha]
    return {
        "id": value.suite_id,
        "node_id": node_id("CS", value.suite_id),
        "head_branch": branches[0] if branches else None,
        "head_sha": value.head_sha,
        "status": value.status,
        "conclusion": value.conclusion,
        "url": url,
        "before": None,
        "after": value.head_sha,
        "pull_requests": requests,
        "app": app_shape(world, world.apps[value.app_id]),
        "head_commit": simple_commit(world, repository.commits[value.head_sha]),
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
        "created_at": timestamp(value.started_at),
        "updated_at": timestamp(value.completed_at or value.started_at),
    }


def _pull_requests(world: World, repository: Repository, head_sha: str) -> list[Json]:
    return [
        in_check(world, repository, it)
        for it in repository.pull_requests.values()
        if it.head_sha == head_sha and it.fork is None and it.state == "open"
    ]
