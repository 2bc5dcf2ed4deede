"""REST API endpoints for GitHub Actions: workflows, runs, jobs and artifacts."""

from collections.abc import Callable
from datetime import timedelta

from gate.simulator.actions import runs
from gate.simulator.clock import timestamp
from gate.simulator.errors import Impossible
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.shapes import actions
from gate.simulator.state.repositories import Workflow
from gate.simulator.state.runs import Attempt, Job, Run
from gate.simulator.state.world import Json

ACTIONS_READ = ("actions", "read")
ACTIONS_WRITE = ("actions", "write")
# "List workflow runs": with any filter a search returns this many results at most.
FILTERED_LIMIT = 1_000
STALE_BY = timedelta(hours=1)


def created_filter(text: str) -> Callable[[str], bool]:
    """Read a search range of dates: `A..B`, `>=A`, `>A`, `<=A`, `<A` or a day or moment.

    Moments are compared as GitHub writes them, which sorts like time; a day covers its hours.
    """

    def upper(moment: str) -> str:
        return moment if "T" in moment else moment + "T23:59:59Z"

    text = text.replace("+00:00", "Z")
    if ".." in text:
        first, _, last = text.partition("..")
        return lambda at: (
            (first in ("", "*") or first <= at) and (last in ("", "*") or at <= upper(last))
        )
    if text.startswith(">="):
        return lambda at: at >= text[2:]
    if text.startswith("<="):
        return lambda at: at <= upper(text[2:])
    if text.startswith(">"):
        return lambda at: at > upper(text[1:])
    if text.startswith("<"):
        return lambda at: at < text[1:]
    return lambda at: text <= at <= upper(text)


def _candidates(call: Call, workflow: Workflow | None, status: str | None) -> list[int]:
    """List the ids of a repository's or a workflow's runs, newest first.

    Runs that wait are few among many, and what clients ask for most: they are kept apart.
    """
    if status != "waiting":
        return (call.repository.run_ids if workflow is None else workflow.run_ids)[::-1]
    known, repository_id = call.world.runs, call.repository.id
    return [
        run_id
        for run_id in sorted(call.world.waiting_run_ids, reverse=True)
        if known[run_id].repository_id == repository_id
        and workflow in (None, known[run_id].workflow)
        and known[run_id].attempt.status == "waiting"
    ]


def _list(call: Call, workflow: Workflow | None) -> Reply:
    """List runs, newest created first, by whatever filters the query has."""
    query, world = call.request.query, call.world
    status = query.get("status")
    wanted: list[Callable[[Run], bool]] = []
    if status and status != "waiting":
        wanted.append(lambda run: status in (run.attempt.status, run.attempt.conclusion))
    if branch := query.get("branch"):
        wanted.append(lambda run: run.head_branch == branch)
    if event := query.get("event"):
        wanted.append(lambda run: run.event == event)
    if (branch or event) and world.switches.filtered_listings == "stale":
        wanted.append(lambda run: world.now() - run.created_at > STALE_BY)
    if head_sha := query.get("head_sha"):
        wanted.append(lambda run: run.head_sha == head_sha)
    if actor := query.get("actor"):
        wanted.append(lambda run: run.actor.login.lower() == actor.lower())
    if created := query.get("created"):
        within = created_filter(created)
        wanted.append(lambda run: within(timestamp(run.created_at)))
    found = _candidates(call, workflow, status)
    for test in wanted:
        found = [run_id for run_id in found if test(world.runs[run_id])]
    if wanted or status:
        del found[FILTERED_LIMIT:]
    return page(
        call,
        found,
        lambda run_id: actions.workflow_run(world, world.runs[run_id]),
        "workflow_runs",
    )


@ROUTES.repository("GET", "/actions/runs", ACTIONS_READ)
def list_runs(call: Call) -> Reply:
    """List workflow runs for a repository."""
    return _list(call, None)


def _workflow(call: Call) -> Workflow:
    """Find a workflow by its id or by the name of its file."""
    wanted = call.parameters["workflow_id"]
    for each in call.repository.workflows.values():
        if wanted in (str(each.id), each.path.rsplit("/", 1)[-1], each.path):
            return each
    raise not_found()


@ROUTES.repository("GET", "/actions/workflows", ACTIONS_READ)
def list_workflows(call: Call) -> Reply:
    """List repository workflows."""
    listed = list(call.repository.workflows.values())
    return page(
        call, listed, lambda each: actions.workflow(call.world, call.repository, each), "workflows"
    )


@ROUTES.repository("GET", "/actions/workflows/{workflow_id}", ACTIONS_READ)
def show_workflow(call: Call) -> Json:
    """Get a workflow."""
    return actions.workflow(call.world, call.repository, _workflow(call))


@ROUTES.repository("GET", "/actions/workflows/{workflow_id}/runs", ACTIONS_READ)
def list_workflow_runs(call: Call) -> Reply:
    """List workflow runs for a workflow."""
    return _list(call, _workflow(call))


@ROUTES.repository("GET", "/actions/runs/{run_id}", ACTIONS_READ)
def show_run(call: Call) -> Json:
    """Get a workflow run: its latest attempt."""
    return actions.workflow_run(call.world, call.run())


def _attempt(call: Call, run: Run) -> Attempt:
    number = call.number("attempt_number")
    if not 1 <= number <= len(run.attempts):
        raise not_found()
    return run.attempts[number - 1]


@ROUTES.repository("GET", "/actions/runs/{run_id}/attempts/{attempt_number}", ACTIONS_READ)
def show_attempt(call: Call) -> Json:
    """Get a workflow run attempt."""
    run = call.run()
    return actions.workflow_run(call.world, run, _attempt(call, run))


def _jobs(call: Call, run: Run, jobs: list[Job]) -> Reply:
    return page(call, jobs, lambda job: actions.job(call.world, run, job), "jobs")


@ROUTES.repository("GET", "/actions/runs/{run_id}/jobs", ACTIONS_READ)
def list_jobs(call: Call) -> Reply:
    """List jobs for a workflow run, of the latest attempt unless `filter=all`."""
    run = call.run()
    everything = call.request.query.get("filter") == "all"
    attempts = run.attempts if everything else run.attempts[-1:]
    return _jobs(call, run, [job for attempt in attempts for job in attempt.jobs])


@ROUTES.repository("GET", "/actions/runs/{run_id}/attempts/{attempt_number}/jobs", ACTIONS_READ)
def list_attempt_jobs(call: Call) -> Reply:
    """List jobs for a workflow run attempt."""
    run = call.run()
    return _jobs(call, run, _attempt(call, run).jobs)


@ROUTES.repository("GET", "/actions/jobs/{job_id}", ACTIONS_READ)
def show_job(call: Call) -> Json:
    """Get a job for a workflow run."""
    found = call.world.jobs.get(call.number("job_id"))
    if found is None or found[0].repository_id != call.repository.id:
        raise not_found()
    return actions.job(call.world, *found)


@ROUTES.repository("GET", "/actions/runs/{run_id}/artifacts", ACTIONS_READ)
def list_artifacts(call: Call) -> Reply:
    """List workflow run artifacts."""
    run, name = call.run(), call.request.query.get("name")
    found = [each for each in run.artifacts if name in (None, each.name)]
    if call.request.query.get("direction", "desc") == "desc":
        found.reverse()
    return page(call, found, lambda each: actions.artifact(call.world, run, each), "artifacts")


@ROUTES.repository("POST", "/actions/runs/{run_id}/cancel", ACTIONS_WRITE)
def cancel(call: Call) -> Reply:
    """Cancel a workflow run."""
    try:
        runs.complete(call.world, call.run(), "cancelled")
    except Impossible as error:
        raise ApiError(409, "Cannot cancel a workflow run that is completed.") from error
    return Reply({}, 202)


@ROUTES.repository("POST", "/actions/runs/{run_id}/rerun", ACTIONS_WRITE)
def rerun(call: Call) -> Reply:
    """Re-run a workflow."""
    try:
        runs.begin_attempt(call.world, call.run(), call.app.bot)
    except Impossible as error:
        raise ApiError(403, str(error)) from error
    return Reply({}, 201)


@ROUTES.repository("POST", "/actions/runs/{run_id}/rerun-failed-jobs", ACTIONS_WRITE)
def rerun_failed_jobs(call: Call) -> Reply:
    """Re-run failed jobs from a workflow run."""
    try:
        runs.begin_attempt(call.world, call.run(), call.app.bot, runs.has_failed)
    except Impossible as error:
        raise ApiError(403, str(error)) from error
    return Reply({}, 201)
