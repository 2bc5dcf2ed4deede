"""REST API endpoints for issues, their comments and the reactions to those."""

from collections.abc import Iterable
from datetime import datetime

from gate.simulator import issues
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.shapes import issues as shapes
from gate.simulator.state.issues import Comment, Issue
from gate.simulator.state.world import Json


@ROUTES.repository("POST", "/issues", ("issues", "write"))
def create_issue(call: Call) -> Reply:
    """Create an issue."""
    _require_issues(call)
    body = call.body()
    title = _text(body, "title", issues.LONGEST_TITLE)
    if not title:
        raise _invalid("Issue", "title")
    issue = issues.open_issue(
        call.world,
        call.repository,
        call.app.bot,
        title,
        body=_text(body, "body", issues.LONGEST_BODY) or "",
        labels=_label_names(body) or (),
        app_id=call.app.id,
    )
    shape = shapes.whole_issue(call.world, call.repository, issue)
    return Reply(shape, 201, {"Location": shape["url"]})


@ROUTES.repository("GET", "/issues", ("issues", "read"))
def list_issues(call: Call) -> Reply:
    """List repository issues: the open ones unless asked, the newest first."""
    _require_issues(call)
    found = sorted(_matching(call), key=lambda each: each.number, reverse=True)
    return page(call, found, lambda each: shapes.issue(call.world, call.repository, each))


@ROUTES.repository("GET", "/issues/{issue_number}", ("issues", "read"))
def show_issue(call: Call) -> Json:
    """Get an issue."""
    return shapes.whole_issue(call.world, call.repository, _issue(call))


@ROUTES.repository("PATCH", "/issues/{issue_number}", ("issues", "write"))
def update_issue(call: Call) -> Json:
    """Update an issue; what is not named stays."""
    world, repository, issue, body = call.world, call.repository, _issue(call), call.body()
    state, reason = body.get("state"), body.get("state_reason")
    if state not in (None, "open", "closed"):
        raise _invalid("Issue", "state")
    if reason is not None and reason not in issues.STATE_REASONS:
        raise _invalid("Issue", "state_reason")
    bot = call.app.bot
    issues.edit_issue(
        world,
        repository,
        issue,
        bot,
        title=_text(body, "title", issues.LONGEST_TITLE),
        body=_text(body, "body", issues.LONGEST_BODY),
        labels=_label_names(body),
    )
    if state == "closed":
        issues.close_issue(world, repository, issue, bot, reason or "completed")
    elif state == "open":
        issues.reopen_issue(world, repository, issue, bot)
    return shapes.whole_issue(world, repository, issue)


@ROUTES.repository("POST", "/issues/{issue_number}/comments", ("issues", "write"))
def create_comment(call: Call) -> Reply:
    """Create an issue comment."""
    issue = _issue(call)
    body = call.body().get("body")
    if not isinstance(body, str) or not body or len(body) > issues.LONGEST_BODY:
        raise _invalid("IssueComment", "body")
    comment = issues.add_comment(
        call.world, call.repository, issue, call.app.bot, body, app_id=call.app.id
    )
    shape = shapes.comment(call.world, call.repository, comment)
    return Reply(shape, 201, {"Location": shape["url"]})


@ROUTES.repository("GET", "/issues/{issue_number}/comments", ("issues", "read"))
def list_comments(call: Call) -> list[Json]:
    """List issue comments, oldest first."""
    return [shapes.comment(call.world, call.repository, each) for each in _issue(call).comments]


@ROUTES.repository("GET", "/issues/comments/{comment_id}", ("issues", "read"))
def show_comment(call: Call) -> Json:
    """Get an issue comment."""
    return shapes.comment(call.world, call.repository, _comment(call))


@ROUTES.repository("POST", "/issues/comments/{comment_id}/reactions", ("issues", "write"))
def create_reaction(call: Call) -> Reply:
    """Create a reaction for an issue comment; the same again answers 200 and adds nothing."""
    comment = _comment(call)
    content = call.body().get("content")
    if content not in shapes.REACTIONS:
        raise _invalid("Reaction", "content")
    is_new = (content, call.app.bot) not in comment.reactions
    if is_new:
        comment.reactions.append((content, call.app.bot))
    number = comment.id * 10 + len(comment.reactions)
    shape = shapes.reaction(call.world, number, content, comment)
    return Reply(shape, 201 if is_new else 200)


def _require_issues(call: Call) -> None:
    if not call.repository.has_issues:
        raise ApiError(410, "Issues has been disabled in this repository.")


def _issue(call: Call) -> Issue:
    _require_issues(call)
    found = call.repository.issues.get(call.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _matching(call: Call) -> Iterable[Issue]:
    """Filter as "List repository issues" says; an issue has to have all labels that are named."""
    query = call.request.query
    state, creator = query.get("state", "open"), query.get("creator")
    labels = {name.lower() for name in query.get("labels", "").split(",") if name}
    since = datetime.fromisoformat(query["since"]) if "since" in query else None
    for each in call.repository.issues.values():
        own = {label.name.lower() for label in each.labels}
        if state not in (each.state, "all") or not labels <= own:
            continue
        if creator is not None and each.author.login.lower() != creator.lower():
            continue
        if since is None or each.updated_at.replace(microsecond=0) >= since:
            yield each


def _text(body: Json, name: str, longest: int) -> str | None:
    value = body.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        raise _invalid("Issue", name)
    return value


def _label_names(body: Json) -> list[str] | None:
    names = body.get("labels")
    if names is None:
        return None
    if not isinstance(names, list) or not all(
        isinstance(name, str) and 0 < len(name) <= issues.LONGEST_LABEL for name in names
    ):
        raise _invalid("Label", "name")
    return names


def _invalid(resource: str, field: str) -> ApiError:
    return ApiError(422, "Validation Failed", errors=[_error(resource, field)])


def _comment(call: Call) -> Comment:
    found = issues.find_comment(call.repository, call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _error(resource: str, field: str) -> Json | str:
    return {"resource": resource, "field": field, "code": "invalid"}
