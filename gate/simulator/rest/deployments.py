"""REST API endpoints for deployments, their statuses and environments."""

from gate.simulator.actions import reviews, runs
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.rest.runs import ACTIONS_READ
from gate.simulator.shapes import deployments
from gate.simulator.state.deployments import Deployment
from gate.simulator.state.repositories import Environment
from gate.simulator.state.world import Json

DEPLOYMENTS_READ = ("deployments", "read")
# `waiting` is a state deployments pass through, but no client may set it.
SETTABLE_STATES = frozenset(
    {"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}
)
DESCRIPTION_LIMIT = 140


@ROUTES.repository("GET", "/environments", ACTIONS_READ)
def list_environments(call: Call) -> Reply:
    """List environments."""
    listed = list(call.repository.environments.values())
    return page(
        call,
        listed,
        lambda each: deployments.environment(call.world, call.repository, each),
        "environments",
    )


def _environment(call: Call) -> Environment:
    name = call.parameters["environment_name"]
    found = call.repository.environments.get(name.lower())
    if found is not None and not reviews.is_spelled_well(call.world, found, name):
        found = None
    if found is None:
        raise not_found()
    return found


@ROUTES.repository("GET", "/environments/{environment_name}", ACTIONS_READ)
def show_environment(call: Call) -> Json:
    """Get an environment."""
    return deployments.environment(call.world, call.repository, _environment(call))


@ROUTES.repository(
    "GET", "/environments/{environment_name}/deployment_protection_rules", ACTIONS_READ
)
def list_protection_rules(call: Call) -> Json:
    """Get all custom deployment protection rules enabled for an environment."""
    rules = _environment(call).rules
    return {
        "total_count": len(rules),
        "custom_deployment_protection_rules": [
            deployments.protection_rule(call.world, rule) for rule in rules
        ],
    }


@ROUTES.repository("GET", "/deployments", DEPLOYMENTS_READ)
def list_deployments(call: Call) -> Reply:
    """List deployments, newest first."""
    query = call.request.query
    found = []
    for deployment_id in reversed(call.repository.deployment_ids):
        each = call.world.deployments[deployment_id]
        if all(
            query.get(name, value) == value
            for name, value in (
                ("sha", each.sha),
                ("ref", each.ref),
                ("task", "deploy"),
                ("environment", each.environment),
            )
        ):
            found.append(each)
    return page(call, found, lambda each: deployments.deployment(call.world, each))


def _deployment(call: Call) -> Deployment:
    found = call.world.deployments.get(call.number("deployment_id"))
    if found is None or found.repository_id != call.repository.id:
        raise not_found()
    return found


@ROUTES.repository("GET", "/deployments/{deployment_id}", DEPLOYMENTS_READ)
def show_deployment(call: Call) -> Json:
    """Get a deployment."""
    return deployments.deployment(call.world, _deployment(call))


@ROUTES.repository("GET", "/deployments/{deployment_id}/statuses", DEPLOYMENTS_READ)
def list_statuses(call: Call) -> Reply:
    """List deployment statuses, newest first."""
    deployment = _deployment(call)
    return page(
        call,
        deployment.statuses[::-1],
        lambda each: deployments.deployment_status(call.world, deployment, each),
    )


@ROUTES.repository("POST", "/deployments/{deployment_id}/statuses", ("deployments", "write"))
def create_status(call: Call) -> Reply:
    """Create a deployment status."""
    deployment, body = _deployment(call), call.body()
    if body.get("state") not in SETTABLE_STATES:
        raise _invalid("state", "invalid")
    description = str(body.get("description") or "")
    if len(description) > DESCRIPTION_LIMIT:
        raise _invalid("description", "custom")
    status = runs.add_status(
        call.world,
        deployment,
        body["state"],
        call.app.bot,
        description=description,
        log_url=str(body.get("log_url") or body.get("target_url") or ""),
        environment=body.get("environment"),
        environment_url=str(body.get("environment_url") or ""),
        auto_inactive=body.get("auto_inactive", True) is not False,
        app_id=call.app.id,
    )
    shape = deployments.deployment_status(call.world, deployment, status)
    return Reply(shape, 201, {"Location": shape["url"]})


def _invalid(field: str, code: str) -> ApiError:
    errors: list[Json | str] = [{"resource": "DeploymentStatus", "field": field, "code": code}]
    return ApiError(422, "Validation Failed", errors=errors)
