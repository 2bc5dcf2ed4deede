"""REST API endpoints for check runs."""

from typing import Any

from gate.simulator.events.checks import check_run_changed
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply
from gate.simulator.shapes import checks
from gate.simulator.state.checks import CheckRun
from gate.simulator.state.world import Json

# "Create a check run": the most annotations of one request, and the longest texts.
MOST_ANNOTATIONS = 50
LONGEST_TEXT = 65_535
LEVELS = ("notice", "warning", "failure")
CONCLUSIONS = (
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
)


@ROUTES.repository("POST", "/check-runs", ("checks", "write"))
def create_check_run(call: Call) -> Reply:
    """Create a check run; two of one name may stand beside each other on a commit."""
    world, repository, body = call.world, call.repository, call.body()
    name, head_sha = _text(body, "name"), _text(body, "head_sha")
    if not name:
        raise _invalid("name")
    if head_sha not in repository.commits:
        raise ApiError(422, f"No commit found for SHA: {head_sha}")
    status = body.get("status", "queued")
    conclusion = body.get("conclusion")
    if (status == "completed" or conclusion is not None) and conclusion not in CONCLUSIONS:
        raise _invalid("conclusion")
    output = body.get("output") or {}
    value = CheckRun(
        id=world.new_id("check_run"),
        suite_id=_suite_of(call, head_sha),
        app_id=call.app.id,
        name=name,
        head_sha=head_sha,
        status="completed" if conclusion is not None else status,
        started_at=world.now(),
        conclusion=conclusion,
        completed_at=world.now() if conclusion is not None else None,
        external_id=_text(body, "external_id"),
        details_url=_text(body, "details_url"),
        title=_text(output, "title") or None,
        summary=_text(output, "summary") or None,
        text=_text(output, "text") or None,
        annotations=_annotations(output),
    )
    if output and (value.title is None or value.summary is None):
        raise _invalid("output")
    repository.check_runs[value.id] = value
    check_run_changed(world, repository, value, "created", call.app.bot)
    if conclusion is not None:
        check_run_changed(world, repository, value, "completed", call.app.bot)
    shape = checks.check_run(world, repository, value)
    return Reply(shape, 201, {"Location": shape["url"]})


@ROUTES.repository("GET", "/commits/{ref}/check-runs", ("checks", "read"))
def list_check_runs(call: Call) -> Reply:
    """List the check runs of a commit, the newest first; `filter` is taken for `all`."""
    repository, query = call.repository, call.request.query
    ref = call.parameters["ref"]
    sha = repository.branches.get(ref, ref)
    found = [
        it
        for it in reversed(repository.check_runs.values())
        if it.head_sha == sha
        and query.get("check_name", it.name) == it.name
        and query.get("app_id", str(it.app_id)) == str(it.app_id)
    ]
    return page(call, found, lambda it: checks.check_run(call.world, repository, it), "check_runs")


def _suite_of(call: Call, head_sha: str) -> int:
    """Find the suite of the App for a commit, or begin one."""
    for each in call.repository.check_runs.values():
        if (each.app_id, each.head_sha) == (call.app.id, head_sha):
            return each.suite_id
    return call.world.new_id("check_suite")


def _annotations(output: Json) -> list[Any]:
    given = output.get("annotations") or []
    if not isinstance(given, list) or len(given) > MOST_ANNOTATIONS:
        raise _invalid("annotations")
    for it in given:
        first, last = it.get("start_line"), it.get("end_line")
        is_placed = isinstance(first, int) and isinstance(last, int) and 1 <= first <= last
        # Columns may only be told within one line.
        has_columns = "start_column" in it or "end_column" in it
        if not is_placed or (has_columns and first != last):
            raise _invalid("annotations")
        if it.get("annotation_level") not in LEVELS or not it.get("message") or not it.get("path"):
            raise _invalid("annotations")
    return given


def _text(body: Json, name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _invalid(name)
    return value


def _invalid(field: str) -> ApiError:
    error: Json | str = {"resource": "CheckRun", "field": field, "code": "invalid"}
    return ApiError(422, "Validation Failed", errors=[error])
