"""Repositories and their files as GitHub's REST API and webhooks show them."""

import base64
from urllib.parse import quote

from gate.simulator.clock import timestamp
from gate.simulator.shapes.accounts import node_id, simple_user
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, World

# Field name -> the path below the repository's API address.
_TEMPLATES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def api_url(world: World, value: Repository) -> str:
    """Return the repository's address in the REST API."""
    return f"{world.api_url}/repos/{value.full_name}"


def html_url(world: World, value: Repository) -> str:
    """Return the repository's page."""
    return f"{world.web_url}/{value.full_name}"


def minimal_repository(world: World, value: Repository) -> Json:
    """Describe a repository as `minimal-repository`, the form that runs carry."""
    cached = world.shape_cache.get(("minimal_repository", value.id))
    if cached is not None:
        return cached
    url = api_url(world, value)
    shape: Json = {
        "id": value.id,
        "node_id": node_id("R", value.id),
        "name": value.name,
        "full_name": value.full_name,
        "private": value.private,
        "owner": simple_user(world, value.owner),
        "html_url": html_url(world, value),
        "description": None,
        "fork": value.fork,
        "url": url,
    }
    shape.update((name, url + path) for name, path in _TEMPLATES.items())
    world.shape_cache["minimal_repository", value.id] = shape
    return shape


def repository(world: World, value: Repository) -> Json:
    """Describe a repository in full, as `GET /repos/{owner}/{repo}` and webhooks do."""
    cached = world.shape_cache.get(("repository", value.id))
    if cached is not None:
        return cached
    page = html_url(world, value)
    host = page.split("//", 1)[-1].split("/", 1)[0]
    shape: Json = minimal_repository(world, value) | {
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.pushed_at),
        "pushed_at": timestamp(value.pushed_at),
        "git_url": f"git://{host}/{value.full_name}.git",
        "ssh_url": f"git@{host}:{value.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": None,
        "size": 1024,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": "TypeScript",
        "has_issues": value.has_issues,
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "mirror_url": None,
        "archived": value.archived,
        "disabled": False,
        "open_issues_count": 0,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private" if value.private else "public",
        "forks": 0,
        "open_issues": 0,
        "watchers": 0,
        "default_branch": value.default_branch,
        "custom_properties": {},
        "network_count": 0,
        "subscribers_count": 0,
    }
    world.shape_cache["repository", value.id] = shape
    return shape


def short_repository(value: Repository) -> Json:
    """Describe a repository as `installation` webhooks list it."""
    return {
        "id": value.id,
        "node_id": node_id("R", value.id),
        "name": value.name,
        "full_name": value.full_name,
        "private": value.private,
    }


def content_file(
    world: World, value: Repository, *, path: str, ref: str, content: bytes, sha: str
) -> Json:
    """Describe a file as `content-file`; the content is base64 in lines of 60 characters."""
    encoded = base64.b64encode(content).decode()
    lines = "".join(encoded[at : at + 60] + "\n" for at in range(0, len(encoded), 60))
    url = f"{api_url(world, value)}/contents/{quote(path)}?ref={quote(ref)}"
    blob = f"{api_url(world, value)}/git/blobs/{sha}"
    page = f"{html_url(world, value)}/blob/{quote(ref)}/{quote(path)}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "size": len(content),
        "url": url,
        "html_url": page,
        "git_url": blob,
        "download_url": f"{html_url(world, value)}/raw/{quote(ref)}/{quote(path)}",
        "type": "file",
        "content": lines,
        "encoding": "base64",
        "_links": {"self": url, "git": blob, "html": page},
    }
