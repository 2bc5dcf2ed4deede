"""Events of issues and their comments."""

from collections.abc import Callable

from gate.simulator.events.announcement import announce
from gate.simulator.shapes import issues
from gate.simulator.state.accounts import Account
from gate.simulator.state.issues import Comment, Issue
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World


def issue_changed(
    world: World,
    repository: Repository,
    issue: Issue,
    action: str,
    sender: Account,
    more: Callable[[], Json] = dict,
) -> None:
    """Send `issues`: opened, edited, closed, reopened, labeled or assigned; some carry `more`."""

    def body() -> Json:
        return {"issue": issues.issue(world, repository, issue)} | more()

    announce(world, repository, "issues", action, body, sender)


def issue_comment(
    world: World,
    repository: Repository,
    issue: Issue,
    comment: Comment,
    action: str,
    sender: Account,
    *,
    before: str | None = None,
) -> None:
    """Send `issue_comment`: created, edited or deleted; an edit shows what was there `before`."""

    def body() -> Json:
        changes = {} if before is None else {"changes": {"body": {"from": before}}}
        return changes | {
            "issue": issues.issue(world, repository, issue),
            "comment": issues.comment(world, repository, comment),
        }

    announce(world, repository, "issue_comment", action, body, sender)
