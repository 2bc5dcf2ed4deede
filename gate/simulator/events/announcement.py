"""Send an event of a repository to the Apps that subscribe to it."""

from collections.abc import Callable

from gate.simulator.shapes import accounts, repositories
from gate.simulator.state.accounts import Account
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, Outgoing, World


def announce(
    world: World,
    repository: Repository,
    event: str,
    action: str | None,
    body: Callable[[], Json],
    sender: Account,
    only_app: int | None = None,
) -> None:
    """Send an event of a repository to the Apps that subscribe to it and are not suspended."""
    if world.muted_but is not None and event not in world.muted_but:
        return
    common: Json | None = None
    for installation in world.covering(repository):
        app = world.apps[installation.app_id]
        wanted = event in installation.events and only_app in (None, app.id)
        if not wanted or installation.suspended_at or app.webhook_url is None:
            continue
        if common is None:
            common = {} if action is None else {"action": action}
            common |= body()
            common["repository"] = repositories.repository(world, repository)
            if repository.owner.type == "Organization":
                common["organization"] = accounts.organization(world, repository.owner)
            common["sender"] = accounts.simple_user(world, sender)
        installed = {
            "id": installation.id,
            "node_id": accounts.node_id("MDIzOkludGVncmF0aW9u", installation.id),
        }
        payload = common | {"installation": installed}
        world.post(Outgoing(app, event, action, payload, installation.id, repository.id))
