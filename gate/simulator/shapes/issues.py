"""Issues and their comments as GitHub's REST API and webhooks show them."""

from collections import Counter
from urllib.parse import quote

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import app as app_shape
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state.accounts import Account
from gate.simulator.state.issues import Comment, Issue, Label
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
ASSOCIATION_OF_ROLE = {"admin": "OWNER", "maintain": "MEMBER", "write": "COLLABORATOR"}


def issue(world: World, repository: Repository, value: Issue) -> Json:
    """Describe an issue; GitHub says through which App it was opened."""
    root = f"{api_url(world, repository)}/issues/{value.number}"
    assignees = [simple_user(world, each) for each in value.assignees]
    return {
        "url": root,
        "repository_url": api_url(world, repository),
        "comments_url": f"{root}/comments",
        "events_url": f"{root}/events",
        "labels_url": f"{root}/labels{{/name}}",
        "html_url": f"{html_url(world, repository)}/issues/{value.number}",
        "id": value.id,
        "node_id": node_id("I", value.id),
        "number": value.number,
        "title": value.title,
        "user": simple_user(world, value.author),
        "active_lock_reason": None,
        "assignee": assignees[0] if assignees else None,
        "labels": [label(world, repository, each) for each in value.labels],
        "milestone": None,
        "state": value.state,
        "state_reason": value.state_reason,
        "locked": False,
        "assignees": assignees,
        "comments": len(value.comments),
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "closed_at": timestamp(value.closed_at) if value.closed_at else None,
        "author_association": _association(world, repository, value),
        "body": value.body,
        "reactions": _reactions(root, []),
        "performed_via_github_app": _via(world, value.app_id),
    }


def whole_issue(world: World, repository: Repository, value: Issue) -> Json:
    """Describe an issue as it is read alone, which tells who closed it too."""
    closed_by = simple_user(world, value.closed_by) if value.closed_by else None
    return issue(world, repository, value) | {"closed_by": closed_by}


def label(world: World, repository: Repository, value: Label) -> Json:
    """Describe a label."""
    return {
        "id": value.id,
        "node_id": node_id("LA", value.id),
        "url": f"{api_url(world, repository)}/labels/{quote(value.name)}",
        "name": value.name,
        "color": "ededed",
        "default": False,
        "description": None,
        "archived_at": None,
        "archived_by": None,
    }


def comment(world: World, repository: Repository, value: Comment) -> Json:
    """Describe a comment; GitHub says through which App it was written."""
    page = f"{html_url(world, repository)}/issues/{value.issue_number}"
    root = api_url(world, repository)
    return {
        "url": f"{root}/issues/comments/{value.id}",
        "html_url": f"{page}#issuecomment-{value.id}",
        "issue_url": f"{root}/issues/{value.issue_number}",
        "id": value.id,
        "node_id": node_id("IC", value.id),
        "user": simple_user(world, value.author),
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "author_association": _association(world, repository, value),
        "body": value.body,
        "reactions": _reactions(f"{root}/issues/comments/{value.id}", value.reactions),
        "performed_via_github_app": _via(world, value.app_id),
    }


def _via(world: World, app_id: int | None) -> Json | None:
    return None if app_id is None else app_shape(world, world.apps[app_id])


def _reactions(url: str, given: list[tuple[str, Account]]) -> Json:
    """Count the reactions of each kind."""
    counts = Counter(content for content, _ in given)
    return {
        "url": f"{url}/reactions",
        "total_count": len(given),
        **{content: counts[content] for content in REACTIONS},
    }


def reaction(world: World, number: int, content: str, value: Comment) -> Json:
    """Describe the newest reaction to a comment."""
    return {
        "id": number,
        "node_id": node_id("REA", number),
        "user": simple_user(world, value.reactions[-1][1]),
        "content": content,
        "created_at": timestamp(world.now()),
    }


def _association(world: World, repository: Repository, value: Issue | Comment) -> str:
    return ASSOCIATION_OF_ROLE.get(world.role(repository, value.author), "NONE")
