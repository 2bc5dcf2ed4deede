"""Commands about workflow runs and what they wait for."""

from typing import Literal

from gate.simulator.actions import concurrency, gates, reviews, runs
from gate.simulator.commands.command import Stage
from gate.simulator.events import runs as run_events
from gate.simulator.state.records import Reached
from gate.simulator.state.repositories import Repository, Workflow
from gate.simulator.state.runs import Artifact, Attempt, Run
from gate.simulator.state.world import World


def start_run(
    stage: Stage,
    repository: str,
    workflow: str,
    branch: str | None = None,
    sha: str | None = None,
    event: str = "push",
    actor: str = "developer",
    title: str | None = None,
    head_repository: str | None = None,
    silent: bool = False,  # noqa: FBT001, FBT002 - commands are called by keyword
    group: str | None = None,
    queue: Literal["single", "max"] = "single",
) -> int:
    """Start a run of a workflow file below .github/workflows; give its id.

    `head_repository` names the fork a run comes from. A `silent` start sends no webhook. `group`
    and `queue` are those of the workflow's `concurrency`.
    """
    world = stage.world
    found = world.repository(repository)
    name = branch or found.default_branch
    head = world.repository(head_repository) if head_repository is not None else found
    commit = sha or head.branches.get(name) or found.branches[found.default_branch]
    now = world.now()
    account = world.account(actor)
    file = _workflow(world, found, workflow)
    run = Run(
        id=world.new_id("run"),
        repository_id=found.id,
        head_repository_id=head.id,
        workflow=file,
        run_number=len(file.run_ids) + 1,
        head_branch=name,
        head_sha=commit,
        event=event,
        display_title=title or f"Run {workflow}",
        actor=account,
        created_at=now,
        attempts=[Attempt(1, "queued", None, account, now, now)],
        group=group,
        queues=queue == "max",
    )
    world.runs[run.id] = run
    found.run_ids.append(run.id)
    file.run_ids.append(run.id)
    concurrency.enter(world, run)
    if not silent:
        run_events.workflow_run(world, run, "requested")
    return run.id


def progress_run(stage: Stage, run_id: int) -> None:
    """Let a run that was only requested begin; it must not wait for its concurrency group."""
    run = stage.world.run(run_id)
    stage.world.require(
        not concurrency.is_blocked(stage.world, run), f"run {run_id} waits for its group"
    )
    runs.progress(stage.world, run)


def complete_run(
    stage: Stage, run_id: int, conclusion: str = "success", jobs: dict[str, str] | None = None
) -> None:
    """End the latest attempt of a run; `jobs` adds jobs that ended with the given conclusions."""
    world = stage.world
    run = world.run(run_id)
    world.require(
        conclusion != "success" or not gates.waiting_jobs(run), f"run {run_id} waits for approval"
    )
    for name, ended in (jobs or {}).items():
        runs.add_job(world, run, name, "completed", ended)
    runs.complete(world, run, conclusion)


def rerun(stage: Stage, run_id: int, actor: str = "developer") -> int:
    """Start the next attempt of a completed run and give its number."""
    world = stage.world
    return runs.begin_attempt(world, world.run(run_id), world.account(actor)).number


def rerun_failed_jobs(stage: Stage, run_id: int, actor: str = "developer") -> int:
    """Start the next attempt of a completed run with its failed jobs only; give its number."""
    world = stage.world
    run = world.run(run_id)
    return runs.begin_attempt(world, run, world.account(actor), runs.has_failed).number


def rerun_job(stage: Stage, run_id: int, job: str, actor: str = "developer") -> int:
    """Start the next attempt of a completed run with the jobs of one name; give its number."""
    world = stage.world
    run = world.run(run_id)
    return runs.begin_attempt(
        world, run, world.account(actor), lambda each: each.name == job
    ).number


def cancel_run(stage: Stage, run_id: int) -> None:
    """Cancel a run that is not completed."""
    runs.complete(stage.world, stage.world.run(run_id), "cancelled")


def cancel_job(stage: Stage, run_id: int, job: str = "deploy") -> None:
    """Cancel one job, as the concurrency of a job does; the run goes on with the others."""
    world = stage.world
    run = world.run(run_id)
    runs.end_job(world, run, world.job(run, job), "cancelled")
    runs.settle(world, run)


def reach_environment(stage: Stage, run_id: int, environment: str, job: str = "deploy") -> Reached:
    """Bring a job of a run to an environment, where it waits for whatever protects it."""
    world = stage.world
    run = world.run(run_id)
    found = world.environment(world.repository_of(run), environment)
    reached = gates.reach(world, run, found, job)
    gate = reached.gate
    if gate is None or gate.deployment_id is None:
        raise LookupError(f"job {job} has no gate")
    return Reached(run.id, reached.id, reached.name, found.id, gate.deployment_id, gate.open)


def use_environment(stage: Stage, run_id: int, environment: str, job: str = "deploy") -> int:
    """Bring a job with `deployment: false` to an environment; give the job's id."""
    world = stage.world
    run = world.run(run_id)
    found = world.environment(world.repository_of(run), environment)
    return gates.reach(world, run, found, job, deploys=False).id


def deploy(
    stage: Stage,
    repository: str,
    environment: str = "production-frontend",
    workflow: str = "deploy-frontend.yml",
    actor: str = "developer",
    jobs: list[str] | None = None,
    group: str | None = None,
) -> Reached:
    """Start a run whose jobs reach an environment at once; give the first of them."""
    run_id = start_run(stage, repository, workflow, actor=actor, group=group)
    progress_run(stage, run_id)
    reached = [reach_environment(stage, run_id, environment, job) for job in jobs or ["deploy"]]
    return reached[0]


def deploy_many(
    stage: Stage,
    repository: str,
    count: int,
    environment: str = "production-frontend",
    workflow: str = "deploy-frontend.yml",
    webhooks: list[str] | None = None,
) -> list[Reached]:
    """Start many runs that reach an environment at once, for a benchmark.

    Of the webhooks only the events named in `webhooks` are sent, by default the rule's alone.
    """
    world = stage.world
    world.muted_but = frozenset(["deployment_protection_rule"] if webhooks is None else webhooks)
    try:
        return [deploy(stage, repository, environment, workflow) for _ in range(count)]
    finally:
        world.muted_but = None


def validate(
    stage: Stage,
    repository: str,
    conclusion: str = "success",
    workflow: str = "production-validation.yml",
    jobs: dict[str, str] | None = None,
) -> int:
    """Run a validation from its start to its end; give the run's id."""
    run_id = start_run(stage, repository, workflow, event="workflow_dispatch")
    progress_run(stage, run_id)
    complete_run(stage, run_id, conclusion, jobs)
    return run_id


def start_job(stage: Stage, run_id: int, job: str) -> None:
    """Let one more job of a run begin, beside those that there are."""
    world = stage.world
    run = world.run(run_id)
    runs.add_job(world, run, job, "in_progress")
    runs.settle(world, run)


def finish_job(stage: Stage, run_id: int, job: str = "deploy", conclusion: str = "success") -> None:
    """End a job that runs, and the run with its last job."""
    world = stage.world
    run = world.run(run_id)
    runs.end_job(world, run, world.job(run, job), conclusion)
    runs.settle(world, run)


def review_as(
    stage: Stage,
    login: str,
    run_id: int,
    environment: str,
    state: Literal["approved", "rejected"] = "approved",
    comment: str = "",
) -> None:
    """Let a required reviewer answer in GitHub's dialog."""
    world = stage.world
    run = world.run(run_id)
    found = world.environment(world.repository_of(run), environment)
    reviews.review_as_user(world, run, found, world.account(login), state, comment)


def bypass(stage: Stage, login: str, run_id: int, environment: str, comment: str = "") -> None:
    """Let an administrator start all waiting jobs past the rules."""
    world = stage.world
    run = world.run(run_id)
    found = world.environment(world.repository_of(run), environment)
    reviews.bypass(world, run, found, world.account(login), comment)


def add_artifact(stage: Stage, run_id: int, name: str, size_in_bytes: int = 1024) -> int:
    """Add an artifact to a run and give its id."""
    world = stage.world
    artifact = Artifact(world.new_id("artifact"), name, size_in_bytes, world.now())
    world.run(run_id).artifacts.append(artifact)
    return artifact.id


def _workflow(world: World, repository: Repository, file: str) -> Workflow:
    path = file if "/" in file else f".github/workflows/{file}"
    found = repository.workflows.get(path)
    if found is None:
        name = path.rpartition("/")[2].partition(".")[0].replace("-", " ").title()
        found = Workflow(world.new_id("workflow"), repository.id, path, name, world.now())
        repository.workflows[path] = found
    return found
