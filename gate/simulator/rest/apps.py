"""REST API endpoints for GitHub Apps and their installations."""

from gate.simulator.clock import timestamp
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found, shut_out
from gate.simulator.shapes import accounts, repositories
from gate.simulator.state.accounts import App, Installation, Permissions
from gate.simulator.state.world import Json

LEVELS = {"read": 1, "write": 2, "admin": 3}
LARGEST_SELECTION = 500


def permits(granted: Permissions, name: str, level: str) -> bool:
    """Check whether a set of permissions includes one at a level; metadata is always read."""
    held = granted.get(name, "read" if name == "metadata" else "")
    return LEVELS.get(held, 0) >= LEVELS.get(level, 99)


@ROUTES.route("GET", "/app", "app")
def show_app(call: Call) -> Json:
    """Get the authenticated App."""
    return accounts.app(call.world, call.app)


@ROUTES.route("GET", "/app/installations", "app")
def list_installations(call: Call) -> Reply:
    """List installations for the authenticated App."""
    own = [each for each in call.world.installations.values() if each.app_id == call.app.id]
    return page(call, own, lambda each: accounts.installation(call.world, each))


def own_installation(call: Call, app: App) -> Installation:
    """Find the installation in the path, if it is the App's."""
    found = call.world.installations.get(call.number("installation_id"))
    if found is None or found.app_id != app.id:
        raise not_found()
    return found


@ROUTES.route("GET", "/app/installations/{installation_id}", "app")
def show_installation(call: Call) -> Json:
    """Get an installation for the authenticated App."""
    return accounts.installation(call.world, own_installation(call, call.app))


@ROUTES.route("GET", "/repos/{owner}/{repo}/installation", "app")
def show_repository_installation(call: Call) -> Json:
    """Get a repository installation for the authenticated App."""
    name = f"{call.parameters['owner']}/{call.parameters['repo']}".lower()
    repository_id = call.world.repository_names.get(name) or call.world.former_names.get(name)
    repository = call.world.repositories.get(repository_id or 0)
    found = repository and call.world.installation_for(call.app.id, repository)
    if not found:
        raise not_found()
    return accounts.installation(call.world, found)


@ROUTES.route("POST", "/app/installations/{installation_id}/access_tokens", "app")
def create_token(call: Call) -> Reply:
    """Create an installation access token, narrowed to repositories and permissions."""
    installation = own_installation(call, call.app)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    binds = call.world.switches.ip_allow_list_binds
    if binds == "tokens" and not installation.account.allows_ip:
        raise shut_out(installation.account.login)
    body = call.body()
    selected = _selected(call, installation, body)
    permissions = installation.permissions | {"metadata": "read"}
    if body.get("permissions"):
        for name, level in body["permissions"].items():
            if not permits(permissions, name, str(level)):
                raise ApiError(
                    422,
                    "The permissions requested are not granted to this installation.",
                )
        permissions = dict(body["permissions"]) | {"metadata": "read"}
    token = call.tokens.issue(installation, permissions, selected)
    answer: Json = {
        "token": token.token,
        "expires_at": timestamp(token.expires_at),
        "permissions": permissions,
        "repository_selection": installation.repository_selection,
    }
    if selected is not None:
        answer["repository_selection"] = "selected"
        answer["repositories"] = [
            repositories.repository(call.world, call.world.repositories[each])
            for each in sorted(selected)
        ]
    return Reply(answer, 201)


def _selected(call: Call, installation: Installation, body: Json) -> frozenset[int] | None:
    """Read which repositories a token is for; None when it is for all of the installation."""
    ids: set[int] = set()
    names, numbers = body.get("repositories"), body.get("repository_ids")
    if names is None and numbers is None:
        return None
    for name in names or ():
        full_name = f"{installation.account.login}/{name}".lower()
        ids.add(call.world.repository_names.get(full_name, 0))
    ids.update(numbers or ())
    if not ids or len(ids) > LARGEST_SELECTION or not ids <= installation.repository_ids:
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return frozenset(ids)


@ROUTES.route("GET", "/installation/repositories", "installation")
def list_repositories(call: Call) -> Reply:
    """List the repositories the token opens."""
    wanted = call.installation.repository_ids
    if call.token.repository_ids is not None:
        wanted = wanted & call.token.repository_ids
    listed = [call.world.repositories[each] for each in sorted(wanted)]
    return page(
        call, listed, lambda each: repositories.repository(call.world, each), "repositories"
    )


@ROUTES.route("GET", "/rate_limit", "anyone")
def show_rate_limit(call: Call) -> Json:
    """Get the rate limit status of the caller; asking costs nothing."""
    bucket = call.limits.bucket(call.caller, call.world.now())
    if bucket is None:
        raise ApiError(404, "Rate limiting is not enabled.")
    shape = bucket.shape()
    return {"resources": {"core": shape, "search": shape}, "rate": shape}


@ROUTES.route("GET", "/meta", "anyone")
def show_meta(_call: Call) -> Json:
    """Get GitHub's addresses; the simulated one has only loopback."""
    loopback = ["127.0.0.0/8", "::1/128"]
    return {
        "verifiable_password_authentication": False,
        "hooks": loopback,
        "web": loopback,
        "api": loopback,
        "actions": loopback,
    }
