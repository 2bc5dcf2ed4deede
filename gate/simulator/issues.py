"""Write and change issues and comments, and announce each change."""

from collections.abc import Sequence
from functools import partial

from gate.simulator.errors import NoSuchThing
from gate.simulator.events import issues as issue_events
from gate.simulator.shapes.accounts import simple_user
from gate.simulator.shapes.issues import label as label_shape
from gate.simulator.state.accounts import Account
from gate.simulator.state.issues import Comment, Issue, Label
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import World

# "Commenting on an issue": the longest body GitHub takes.
LONGEST_BODY = 65_536


LONGEST_TITLE = 256
LONGEST_LABEL = 50
STATE_REASONS = ("completed", "not_planned", "duplicate", "reopened")


def open_issue(
    world: World,
    repository: Repository,
    author: Account,
    title: str,
    *,
    body: str = "",
    labels: Sequence[str] = (),
    app_id: int | None = None,
) -> Issue:
    """Open an issue and announce it; numbers count up in each repository.

    Labels that the repository does not have yet are made.
    """
    now = world.now()
    issue = Issue(
        id=world.new_id("issue"),
        number=repository.next_number,
        title=title,
        body=body,
        author=author,
        created_at=now,
        updated_at=now,
        app_id=app_id,
    )
    repository.issues[issue.number] = issue
    added = _labels(world, repository, labels)
    issue.labels = list(added)
    issue_events.issue_changed(world, repository, issue, "opened", author)
    _announce_labels(world, repository, issue, added, author)
    return issue


def edit_issue(
    world: World,
    repository: Repository,
    issue: Issue,
    editor: Account,
    *,
    title: str | None = None,
    body: str | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    """Change what an issue says, and announce what has become different."""
    changes: dict[str, dict[str, str]] = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body}
        issue.body = body
    if changes:
        issue.updated_at = world.now()
        issue_events.issue_changed(
            world, repository, issue, "edited", editor, lambda: {"changes": changes}
        )
    if labels is not None:
        wanted = _labels(world, repository, labels)
        added = [each for each in wanted if each not in issue.labels]
        issue.labels = wanted
        _announce_labels(world, repository, issue, added, editor)


def close_issue(
    world: World, repository: Repository, issue: Issue, closer: Account, reason: str = "completed"
) -> None:
    """Close an issue and announce it; closing a closed one does nothing."""
    if issue.state == "closed":
        return
    issue.state, issue.state_reason = "closed", reason
    issue.closed_at = issue.updated_at = world.now()
    issue.closed_by = closer
    issue_events.issue_changed(world, repository, issue, "closed", closer)


def reopen_issue(world: World, repository: Repository, issue: Issue, opener: Account) -> None:
    """Open a closed issue again and announce it."""
    if issue.state == "open":
        return
    issue.state, issue.state_reason = "open", "reopened"
    issue.closed_at = issue.closed_by = None
    issue.updated_at = world.now()
    issue_events.issue_changed(world, repository, issue, "reopened", opener)


def assign_issue(
    world: World, repository: Repository, issue: Issue, assigner: Account, assignee: Account
) -> None:
    """Assign a user and announce it."""
    if assignee not in issue.assignees:
        issue.assignees.append(assignee)
    issue.updated_at = world.now()
    issue_events.issue_changed(
        world,
        repository,
        issue,
        "assigned",
        assigner,
        lambda: {"assignee": simple_user(world, assignee)},
    )


def _labels(world: World, repository: Repository, names: Sequence[str]) -> list[Label]:
    """Find labels by name, whatever its case, or make them."""
    found = []
    for name in names:
        key = name.lower()
        if key not in repository.labels:
            repository.labels[key] = Label(world.new_id("label"), name)
        if repository.labels[key] not in found:
            found.append(repository.labels[key])
    return found


def _announce_labels(
    world: World, repository: Repository, issue: Issue, added: Sequence[Label], sender: Account
) -> None:
    for label in added:
        described = label_shape(world, repository, label)
        issue_events.issue_changed(
            world, repository, issue, "labeled", sender, partial(dict, label=described)
        )


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
    issue_events.issue_comment(world, repository, issue, comment, "created", author)
    return comment


def edit_comment(
    world: World, repository: Repository, comment: Comment, editor: Account, body: str
) -> None:
    """Change a comment and announce it; a user with write access can edit what others wrote."""
    before = comment.body
    comment.body, comment.updated_at = body, world.now()
    issue = find_issue(repository, comment.issue_number)
    issue_events.issue_comment(world, repository, issue, comment, "edited", editor, before=before)


def delete_comment(
    world: World, repository: Repository, comment: Comment, deleter: Account
) -> None:
    """Take a comment away and announce it."""
    issue = find_issue(repository, comment.issue_number)
    issue.comments.remove(comment)
    issue_events.issue_comment(world, repository, issue, comment, "deleted", deleter)
