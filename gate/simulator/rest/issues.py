"""REST API endpoints for issues: their comments and the reactions to those."""

from gate.simulator import issues
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.shapes import issues as shapes
from gate.simulator.state import Comment
from gate.simulator.world import Json


@ROUTES.repository("POST", "/issues/{issue_number}/comments", ("issues", "write"))
def create_comment(call: Call) -> Reply:
    """Create an issue comment."""
    issue = call.repository.issues.get(call.number("issue_number"))
    if issue is None:
        raise not_found()
    body = call.body().get("body")
    if not isinstance(body, str) or not body or len(body) > issues.LONGEST_BODY:
        raise ApiError(422, "Validation Failed", errors=[_error("IssueComment", "body")])
    comment = issues.add_comment(
        call.world, call.repository, issue, call.app.bot, body, app_id=call.app.id
    )
    shape = shapes.comment(call.world, call.repository, comment)
    return Reply(shape, 201, {"Location": shape["url"]})


@ROUTES.repository("GET", "/issues/{issue_number}/comments", ("issues", "read"))
def list_comments(call: Call) -> list[Json]:
    """List issue comments, oldest first."""
    issue = call.repository.issues.get(call.number("issue_number"))
    if issue is None:
        raise not_found()
    return [shapes.comment(call.world, call.repository, each) for each in issue.comments]


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
        raise ApiError(422, "Validation Failed", errors=[_error("Reaction", "content")])
    is_new = (content, call.app.bot) not in comment.reactions
    if is_new:
        comment.reactions.append((content, call.app.bot))
    number = comment.id * 10 + len(comment.reactions)
    shape = shapes.reaction(call.world, number, content, comment)
    return Reply(shape, 201 if is_new else 200)


def _comment(call: Call) -> Comment:
    found = issues.find_comment(call.repository, call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _error(resource: str, field: str) -> Json | str:
    return {"resource": resource, "field": field, "code": "invalid"}
