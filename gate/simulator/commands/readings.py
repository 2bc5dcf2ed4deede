"""Commands that change nothing: what a test or a story wants to know."""

from gate.simulator.commands.command import Stage
from gate.simulator.errors import NoSuchThing
from gate.simulator.state.records import (
    DeliveryRecord,
    JobView,
    RequestRecord,
    ReviewRecord,
    RunView,
    StatusRecord,
    Totals,
)
from gate.simulator.state.runs import Job
from gate.simulator.state.world import World


def reviews(stage: Stage, run_id: int | None = None) -> list[ReviewRecord]:
    """List the decisions and status reports received, oldest first."""
    return [each for each in stage.world.reviews if run_id in (None, each.run_id)]


def requests(stage: Stage) -> list[RequestRecord]:
    """List the REST requests received, oldest first."""
    return list(stage.rest.log)


def deliveries(stage: Stage, app_id: int | None = None) -> list[DeliveryRecord]:
    """List an App's webhook deliveries, newest first."""
    app = stage.world.app(app_id)
    return [each.record for each in stage.sender.deliveries(app.id)]


def payload(stage: Stage, delivery_id: int, app_id: int | None = None) -> dict[str, object]:
    """Return the payload of a delivery in the log."""
    found = stage.sender.delivery(stage.world.app(app_id).id, delivery_id)
    if found is None:
        raise NoSuchThing(f"no delivery {delivery_id}")
    return found.payload()


def run_view(stage: Stage, run_id: int) -> RunView:
    """Show the latest attempt of a run as it stands."""
    world = stage.world
    run = world.run(run_id)
    attempt = run.attempt
    return RunView(
        id=run.id,
        repository_id=run.repository_id,
        repository=world.repository_of(run).full_name,
        path=run.workflow.path,
        run_attempt=attempt.number,
        status=attempt.status,
        conclusion=attempt.conclusion,
        head_branch=run.head_branch,
        head_sha=run.head_sha,
        event=run.event,
        created_at=run.created_at,
        run_started_at=attempt.run_started_at,
        updated_at=attempt.updated_at,
        jobs=tuple(_job(world, job) for job in attempt.jobs),
    )


def deployment_statuses(stage: Stage, deployment_id: int) -> list[StatusRecord]:
    """List the statuses of a deployment, oldest first."""
    found = stage.world.deployments.get(deployment_id)
    if found is None:
        raise NoSuchThing(f"no deployment {deployment_id}")
    return [
        StatusRecord(each.state, each.description, each.log_url, each.app_id, each.created_at)
        for each in found.statuses
    ]


def totals(stage: Stage) -> Totals:
    """Count what was served since the start or the last reset."""
    delivered, failed = stage.sender.totals()
    answered = [each for each in stage.world.reviews if each.status < 400]
    return Totals(
        requests=dict(stage.rest.counts),
        decisions=sum(each.state is not None for each in answered),
        reports=sum(each.state is None for each in answered),
        refused_reviews=len(stage.world.reviews) - len(answered),
        deliveries=delivered,
        failed_deliveries=failed,
        outstanding_deliveries=stage.sender.outstanding(),
    )


def reset_totals(stage: Stage) -> None:
    """Forget the requests and reviews counted so far."""
    stage.rest.counts.clear()
    stage.rest.log.clear()
    stage.world.reviews.clear()


def _job(world: World, job: Job) -> JobView:
    gate = job.gate
    if gate is None:
        return JobView(job.id, job.name, job.status, job.conclusion)
    deployment = world.deployment_of(gate)
    statuses = deployment.statuses if deployment is not None else []
    pending = tuple(app_id for app_id, answer in gate.rules.items() if answer == "pending")
    return JobView(
        id=job.id,
        name=job.name,
        status=job.status,
        conclusion=job.conclusion,
        environment=gate.environment.name,
        deployment_id=gate.deployment_id,
        deployment_states=tuple(status.state for status in statuses),
        waits_for_apps=pending if gate.open else (),
        waits_for_reviewers=gate.open and gate.reviewers == "pending",
    )
