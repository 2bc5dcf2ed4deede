"""REST API endpoints for people who signed in to an App, with their own tokens, and about those.

Only what a person has explicit permission for is listed: see "List app installations accessible to
the user access token" and "List repositories accessible to the user access token".
"""

from gate.simulator.rest.apps import own_installation
from gate.simulator.rest.paging import page
from gate.simulator.rest.routing import ROUTES, ApiError, Call, Reply, not_found, shut_out
from gate.simulator.shapes import accounts, repositories
from gate.simulator.state.accounts import Installation
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json


@ROUTES.route("GET", "/user", "user")
def show_person(call: Call) -> Json:
    """Get the authenticated user."""
    return accounts.profile(call.world, call.person)


@ROUTES.route("GET", "/user/installations", "user")
def list_installations(call: Call) -> Reply:
    """List the App's installations that the person can reach something of."""
    found = [
        it
        for it in call.world.installations.values()
        if it.app_id == call.app.id and (_is_owner(call, it) or _readable(call, it))
    ]
    return page(call, found, lambda it: accounts.installation(call.world, it), "installations")


@ROUTES.route("GET", "/user/installations/{installation_id}/repositories", "user")
def list_repositories(call: Call) -> Reply:
    """List the repositories of an installation that the person has explicit permission for."""
    call.person  # noqa: B018  # nobody else may ask
    installation = own_installation(call, call.app)
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    if not installation.account.allows_ip:
        raise shut_out(installation.account.login)
    found = _readable(call, installation)
    if not found and not _is_owner(call, installation):
        raise not_found()
    return page(call, found, lambda it: repositories.repository(call.world, it), "repositories")


@ROUTES.route("DELETE", "/applications/{client_id}/token", "client")
def delete_token(call: Call) -> Reply:
    """Delete an app token: make one person's token worthless."""
    if call.parameters["client_id"] != call.app.client_id:
        raise not_found()
    token = call.body().get("access_token")
    if not isinstance(token, str) or not call.authorization.revoke_token(call.app, token):
        raise ApiError(422, "Validation Failed")
    return Reply(status=204)


def _readable(call: Call, installation: Installation) -> list[Repository]:
    all_of_it = (call.world.repositories[it] for it in sorted(installation.repository_ids))
    return [it for it in all_of_it if _may_read(call, it)]


def _may_read(call: Call, repository: Repository) -> bool:
    login = call.person.login.lower()
    return login == repository.owner.login.lower() or login in repository.roles


def _is_owner(call: Call, installation: Installation) -> bool:
    return call.person is installation.account
