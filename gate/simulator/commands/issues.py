"""Commands about issues and their comments."""

from gate.simulator import issues
from gate.simulator.commands.command import Stage
from gate.simulator.errors import NoSuchThing
from gate.simulator.state.issues import Comment
from gate.simulator.state.records import CommentRecord, IssueRecord
from gate.simulator.state.repositories import Repository


def open_issue(
    stage: Stage, repository: str, title: str, author: str = "developer", body: str = ""
) -> int:
    """Open an issue and give its number."""
    world = stage.world
    found = world.repository(repository)
    return issues.open_issue(world, found, world.account(author), title, body=body).number


def close_issue(stage: Stage, repository: str, number: int, closer: str) -> None:
    """Close an issue by hand."""
    world = stage.world
    found = world.repository(repository)
    issues.close_issue(world, found, issues.find_issue(found, number), world.account(closer))


def reopen_issue(stage: Stage, repository: str, number: int, opener: str) -> None:
    """Open a closed issue again by hand."""
    world = stage.world
    found = world.repository(repository)
    issues.reopen_issue(world, found, issues.find_issue(found, number), world.account(opener))


def assign_issue(
    stage: Stage, repository: str, number: int, assigner: str, assignee: str | None = None
) -> None:
    """Assign an issue to a user; by default to the one who assigns it."""
    world = stage.world
    found = world.repository(repository)
    issue = issues.find_issue(found, number)
    by, to = world.account(assigner), world.account(assignee or assigner)
    issues.assign_issue(world, found, issue, by, to)


def enable_issues(stage: Stage, repository: str, enabled: bool) -> None:  # noqa: FBT001 - called by keyword
    """Switch a repository's issues on or off."""
    world = stage.world
    found = world.repository(repository)
    found.has_issues = enabled
    world.forget_shape(found)


def issues_of(stage: Stage, repository: str) -> list[IssueRecord]:
    """List the issues of a repository, oldest first."""
    return [
        IssueRecord(
            number=each.number,
            title=each.title,
            body=each.body,
            author=each.author.login,
            app_id=each.app_id,
            state=each.state,
            state_reason=each.state_reason,
            created_at=each.created_at,
            labels=tuple(label.name for label in each.labels),
            assignees=tuple(account.login for account in each.assignees),
        )
        for each in stage.world.repository(repository).issues.values()
    ]


def edit_issue(stage: Stage, repository: str, number: int, body: str, editor: str) -> None:
    """Change what an issue says, as ticking a box does."""
    world = stage.world
    found = world.repository(repository)
    issue = issues.find_issue(found, number)
    issues.edit_issue(world, found, issue, world.account(editor), body=body)


def comment_on_issue(
    stage: Stage, repository: str, number: int, author: str, body: str, app_id: int | None = None
) -> int:
    """Write a comment on an issue as a user, through an App or not; return the comment's id."""
    world = stage.world
    found = world.repository(repository)
    issue = issues.find_issue(found, number)
    return issues.add_comment(world, found, issue, world.account(author), body, app_id).id


def edit_comment(stage: Stage, repository: str, comment_id: int, body: str, editor: str) -> None:
    """Change what a comment says."""
    world = stage.world
    found = world.repository(repository)
    issues.edit_comment(world, found, _comment(found, comment_id), world.account(editor), body)


def delete_comment(stage: Stage, repository: str, comment_id: int, deleter: str) -> None:
    """Delete a comment."""
    world = stage.world
    found = world.repository(repository)
    issues.delete_comment(world, found, _comment(found, comment_id), world.account(deleter))


def comments(stage: Stage, repository: str, number: int) -> list[CommentRecord]:
    """List the comments on an issue, oldest first, with the reactions to them."""
    found = stage.world.repository(repository)
    return [
        CommentRecord(
            id=each.id,
            author=each.author.login,
            body=each.body,
            app_id=each.app_id,
            created_at=each.created_at,
            reactions=tuple(content for content, _ in each.reactions),
        )
        for each in issues.find_issue(found, number).comments
    ]


def _comment(repository: Repository, comment_id: int) -> Comment:
    found = issues.find_comment(repository, comment_id)
    if found is None:
        raise NoSuchThing(f"no comment {comment_id} in {repository.full_name}")
    return found
