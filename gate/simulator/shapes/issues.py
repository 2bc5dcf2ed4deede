"""Issues and their comments as GitHub's REST API and webhooks show them."""

from collections import Counter

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import app as app_shape
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state import Account, Comment, Issue, Repository
from gate.simulator.world import Json, World

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
ASSOCIATION_OF_ROLE = {"admin": "OWNER", "maintain": "MEMBER", "write": "COLLABORATOR"}


def issue(world: World, repository: Repository, value: Issue) -> Json:
    """Describe an issue."""
    root = f"{api_url(world, repository)}/issues/{value.number}"
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
        "assignee": None,
        "labels": [],
        "milestone": None,
        "state": value.state,
        "locked": False,
        "assignees": [],
        "comments": len(value.comments),
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "closed_at": None,
        "author_association": _association(world, repository, value),
        "body": value.body,
        "reactions": _reactions(root, []),
    }


def comment(world: World, repository: Repository, value: Comment) -> Json:
    """Describe a comment; GitHub says through which App it was written."""
    page = f"{html_url(world, repository)}/issues/{value.issue_number}"
    root = api_url(world, repository)
    via = None if value.app_id is None else app_shape(world, world.apps[value.app_id])
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
        "performed_via_github_app": via,
    }


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
