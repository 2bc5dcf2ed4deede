"""Issues and comments: what people write, and who hears of it."""

from gate.simulator import events
from gate.simulator.errors import NoSuchThing
from gate.simulator.state import Account, Comment, Issue, Repository
from gate.simulator.world import World

# "Commenting on an issue": the longest body GitHub takes.
LONGEST_BODY = 65_536


def open_issue(world: World, repository: Repository, author: Account, title: str) -> Issue:
    """Open an issue; numbers count up in each repository."""
    now = world.now()
    issue = Issue(
        world.new_id("issue"), len(repository.issues) + 1, title, "", author, now, updated_at=now
    )
    repository.issues[issue.number] = issue
    return issue


def find_issue(repository: Repository, number: int) -> Issue:
    """Find an issue by its number."""
    if number not in repository.issues:
        raise NoSuchThing(f"no issue {number} in {repository.full_name}")
    return repository.issues[number]


def find_comment(repository: Repository, comment_id: int) -> Comment | None:
    """Find a comment of a repository by id."""
    for issue in repository.issues.values():
        for comment in issue.comments:
            if comment.id == comment_id:
                return comment
    return None


def add_comment(
    world: World,
    repository: Repository,
    issue: Issue,
    author: Account,
    body: str,
    app_id: int | None = None,
) -> Comment:
    """Write a comment and announce it."""
    now = world.now()
    comment = Comment(
        world.new_id("comment"), issue.number, author, body, now, updated_at=now, app_id=app_id
    )
    issue.comments.append(comment)
    issue.updated_at = now
    events.issue_comment(world, repository, issue, comment, "created", author)
    return comment


def edit_comment(
    world: World, repository: Repository, comment: Comment, editor: Account, body: str
) -> None:
    """Change a comment and announce it; whoever may write can edit what others wrote."""
    before = comment.body
    comment.body, comment.updated_at = body, world.now()
    issue = find_issue(repository, comment.issue_number)
    events.issue_comment(world, repository, issue, comment, "edited", editor, before=before)


def delete_comment(
    world: World, repository: Repository, comment: Comment, deleter: Account
) -> None:
    """Take a comment away and announce it."""
    issue = find_issue(repository, comment.issue_number)
    issue.comments.remove(comment)
    events.issue_comment(world, repository, issue, comment, "deleted", deleter)
