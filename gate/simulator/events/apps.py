"""Events of an App: `ping`, `installation`, `installation_repositories`."""

from gate.simulator.clock import timestamp
from gate.simulator.shapes import accounts, repositories
from gate.simulator.state.accounts import Account, App, Installation
from gate.simulator.state.repositories import Repository
from gate.simulator.state.world import Json, Outgoing, World


def ping(world: World, app: App) -> None:
    """Greet a webhook that was just configured."""
    hook = {
        "type": "App",
        "id": app.hook_id,
        "name": "web",
        "active": True,
        "events": list(app.events),
        "config": {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
            "url": app.webhook_url,
        },
        "updated_at": timestamp(world.now()),
        "created_at": timestamp(app.created_at),
        "app_id": app.id,
        "deliveries_url": f"{world.api_url}/app/hook/deliveries",
    }
    payload = {"zen": "Responsive is better than fast.", "hook_id": app.hook_id, "hook": hook}
    world.post(Outgoing(app, "ping", None, payload, None, None))


def installation_changed(
    world: World, installation: Installation, action: str, sender: Account
) -> None:
    """Send `installation`; it reaches the App without a subscription."""
    app = world.apps[installation.app_id]
    included = [world.repositories[each] for each in sorted(installation.repository_ids)]
    payload: Json = {
        "action": action,
        "installation": accounts.installation(world, installation),
        "repositories": [repositories.short_repository(each) for each in included],
        "sender": accounts.simple_user(world, sender),
    }
    world.post(Outgoing(app, "installation", action, payload, installation.id, None))


def installation_repositories(
    world: World, installation: Installation, repository: Repository, action: str, sender: Account
) -> None:
    """Send `installation_repositories` for one repository added or removed."""
    app = world.apps[installation.app_id]
    listed = [repositories.short_repository(repository)]
    payload: Json = {
        "action": action,
        "installation": accounts.installation(world, installation),
        "repository_selection": installation.repository_selection,
        "repositories_added": listed if action == "added" else [],
        "repositories_removed": listed if action == "removed" else [],
        "requester": None,
        "sender": accounts.simple_user(world, sender),
    }
    event = "installation_repositories"
    world.post(Outgoing(app, event, action, payload, installation.id, None))
