"""Commits as GitHub's REST API lists them."""

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.shapes.repositories import api_url, html_url
from gate.simulator.state.repositories import Commit, Repository
from gate.simulator.state.world import Json, World

# What a commit that nobody signed says of it.
_UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def commit(world: World, repository: Repository, value: Commit) -> Json:
    """Describe a commit; no account belongs to a `git_name`."""
    url, page = api_url(world, repository), html_url(world, repository)
    account = None if value.git_name else simple_user(world, world.account(value.author))
    name = value.git_name or value.author
    email = f"{value.author}@{'nowhere' if value.git_name else 'users.noreply.github'}.test"
    person = {"name": name, "email": email, "date": timestamp(value.committed_at)}
    tree = world.sha("tree", value.sha)
    parents = [value.parent] if value.parent is not None else []
    return {
        "url": f"{url}/commits/{value.sha}",
        "sha": value.sha,
        "node_id": node_id("C", int(value.sha[:8], 16)),
        "html_url": f"{page}/commit/{value.sha}",
        "comments_url": f"{url}/commits/{value.sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{value.sha}",
            "author": person,
            "committer": person,
            "message": value.message,
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{url}/git/trees/{tree}"},
            "verification": _UNSIGNED,
        },
        "author": account,
        "committer": account,
        "parents": [
            {"sha": it, "url": f"{url}/commits/{it}", "html_url": f"{page}/commit/{it}"}
            for it in parents
        ],
    }


def simple_commit(world: World, value: Commit) -> Json:
    """Describe a commit by as much as a check suite tells of it."""
    person = {"name": value.author, "email": f"{value.author}@users.noreply.github.test"}
    return {
        "id": value.sha,
        "tree_id": world.sha("tree", value.sha),
        "message": value.message,
        "timestamp": timestamp(value.committed_at),
        "author": person,
        "committer": person,
    }
