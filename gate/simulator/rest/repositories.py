"""REST API endpoints for repositories, their contents and the people around them."""

from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found
from gate.simulator.shapes import accounts, repositories
from gate.simulator.state.repositories import Commit
from gate.simulator.state.world import Json

# "Repository roles": what the permission endpoint makes of the finer roles.
PERMISSION_OF_ROLE = {"maintain": "write", "triage": "read", "": "none"}


@ROUTES.repository("GET", "", ("metadata", "read"))
def show_repository(call: Call) -> Json:
    """Get a repository."""
    return repositories.repository(call.world, call.repository)


@ROUTES.repository("GET", "/contents/{path*}", ("contents", "read"))
def show_contents(call: Call) -> Reply:
    """Get a file: as base64 in JSON, or raw when the client asks for that; or list a folder."""
    repository = call.repository
    ref = call.request.query.get("ref") or repository.default_branch
    branch = ref.removeprefix("refs/heads/")
    commit = repository.commits.get(repository.branches.get(branch, ref))
    if commit is None:
        raise ApiError(404, f"No commit found for the ref {ref}")
    path = call.parameters["path"].strip("/")
    content = commit.files.get(path)
    if content is None:
        return _list_folder(call, path, ref, commit)
    if "raw" in call.request.headers.get("accept", ""):
        kind = "application/vnd.github.raw+json; charset=utf-8"
        return Reply(raw=content, headers={"Content-Type": kind})
    sha = call.world.sha("blob", content)
    return Reply(
        repositories.content_file(
            call.world, repository, path=path, ref=ref, content=content, sha=sha
        )
    )


def _list_folder(call: Call, path: str, ref: str, commit: Commit) -> Reply:
    """List what is right in a folder; files come without their content."""
    below = f"{path}/" if path else ""
    entries: dict[str, Json] = {}
    for name, content in sorted(commit.files.items()):
        if name.startswith(below):
            first, _, rest = name.removeprefix(below).partition("/")
            found = content if not rest else b""
            sha = call.world.sha("blob" if not rest else "tree", found)
            entry = repositories.content_file(
                call.world, call.repository, path=below + first, ref=ref, content=found, sha=sha
            )
            shown = {k: v for k, v in entry.items() if k not in {"content", "encoding"}}
            entries[first] = shown | ({"type": "dir"} if rest else {})
    if not entries:
        raise not_found()
    return Reply(list(entries.values()))


@ROUTES.repository("GET", "/collaborators/{username}/permission", ("metadata", "read"))
def show_permission(call: Call) -> Json:
    """Get repository permissions for a user."""
    account = call.world.accounts.get(call.parameters["username"].lower())
    if account is None:
        raise not_found()
    role = call.world.role(call.repository, account)
    permission = PERMISSION_OF_ROLE.get(role, role)
    allowed = ("read", "triage", "write", "maintain", "admin")
    names = ("pull", "triage", "push", "maintain", "admin")
    rank = allowed.index(role) if role in allowed else -1
    granted = {name: index <= rank for index, name in enumerate(names)}
    user = accounts.simple_user(call.world, account)
    return {
        "permission": permission,
        "role_name": role or "none",
        "user": user | {"permissions": granted, "role_name": role or "none"},
    }


@ROUTES.route(
    "GET",
    "/orgs/{org}/teams/{team_slug}/memberships/{username}",
    "installation",
    ("members", "read"),
)
def show_membership(call: Call) -> Json:
    """Get team membership for a user; 404 says that there is none."""
    org, slug = call.parameters["org"], call.parameters["team_slug"]
    team = call.world.teams.get((org.lower(), slug.lower()))
    login = call.parameters["username"]
    if call.installation.account.login.lower() != org.lower() or team is None:
        raise not_found()
    role = team.members.get(login.lower())
    if role is None:
        raise not_found()
    url = f"{call.world.api_url}/organizations/{org}/team/{team.id}/memberships/{login}"
    return {"state": "active", "role": role, "url": url}
