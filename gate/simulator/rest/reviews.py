"""REST API endpoints for reviewing: custom gates of a run, pending deployments, history."""

from typing import Any

from gate.simulator.actions import gates, reviews
from gate.simulator.rest.apps import permits
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply
from gate.simulator.rest.runs import ACTIONS_READ
from gate.simulator.shapes import deployments
from gate.simulator.state.records import ReviewRecord
from gate.simulator.state.runs import PendingJob
from gate.simulator.state.world import Json


@ROUTES.repository("GET", "/actions/runs/{run_id}/pending_deployments", ACTIONS_READ)
def list_pending_deployments(call: Call) -> list[Json]:
    """Get pending deployments for a workflow run: its environments that still wait."""
    pending: dict[int, PendingJob] = {}
    for job in gates.waiting_jobs(call.run()):
        if job.gate is not None:
            pending.setdefault(job.gate.environment.id, job.gate)
    return [
        deployments.pending_deployment(call.world, call.repository, gate)
        for gate in pending.values()
    ]


@ROUTES.repository("POST", "/actions/runs/{run_id}/pending_deployments", ("deployments", "write"))
def review_pending_deployments(call: Call) -> Reply:
    """Refuse to review pending deployments: an App is no required reviewer."""
    call.run()
    if call.world.switches.pending_deployments_by_app == "forbidden":
        raise ApiError(403, "Resource not accessible by integration")
    raise ApiError(422, reviews.NOTHING_PENDING)


@ROUTES.repository("GET", "/actions/runs/{run_id}/approvals", ACTIONS_READ)
def list_approvals(call: Call) -> list[Json]:
    """Get the review history for a workflow run, all attempts together."""
    return [
        deployments.approval(call.world, call.repository, entry) for entry in call.run().history
    ]


# The permission is checked below, since it is open whether its lack shows as 403 or 404.
@ROUTES.repository(
    "POST", "/actions/runs/{run_id}/deployment_protection_rule", ("metadata", "read")
)
def review_custom_gates(call: Call) -> Reply:
    """Review custom deployment protection rules for a workflow run: decide or report."""
    if not permits(call.token.permissions, "deployments", "write"):
        if call.world.switches.hides_missing_permission:
            raise ApiError(404, "Not Found")
        headers = {"X-Accepted-GitHub-Permissions": "deployments=write"}
        raise ApiError(403, "Resource not accessible by integration", headers=headers)
    run = call.run()
    body = call.body()
    name, state, comment = _checked(body)
    status, message = 204, None
    attempt = run.attempt.number
    try:
        if state is None:
            reviews.report(call.world, run, call.app.id, name, comment)
        else:
            decision: gates.State = "approved" if state == "approved" else "rejected"
            reviews.decide(call.world, run, call.app.id, name, decision, comment)
    except reviews.Unprocessable as error:
        status, message = 422, str(error)
    call.world.reviews.append(
        ReviewRecord(
            arrived_at=call.request.arrived_at or call.world.now(),
            received_at=call.world.now(),
            app_id=call.app.id,
            repository_id=call.repository.id,
            run_id=run.id,
            run_attempt=attempt,
            environment=name,
            state=state,
            comment=body.get("comment"),
            status=status,
            message=message,
            response_lost=call.response_lost,
        )
    )
    if message is not None:
        raise ApiError(422, message, errors=[message])
    return Reply(status=204)


def _checked(body: Json) -> tuple[str, str | None, str]:
    """Check the fields of a review as the request schema states them."""
    name: Any = body.get("environment_name")
    state: Any = body.get("state")
    comment: Any = body.get("comment")
    if not isinstance(name, str) or not name:
        raise _invalid("environment_name")
    if "state" in body and state not in ("approved", "rejected"):
        raise _invalid("state")
    if comment is not None and not isinstance(comment, str):
        raise _invalid("comment")
    if state is None and not comment:
        raise _invalid("comment")
    return name, state, comment or ""


def _invalid(field: str) -> ApiError:
    errors: list[Json | str] = [
        {"resource": "DeploymentProtectionRule", "field": field, "code": "invalid"}
    ]
    return ApiError(422, "Validation Failed", errors=errors)
