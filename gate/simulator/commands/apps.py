"""Commands about Apps and where they are installed."""

from gate.simulator import events
from gate.simulator.commands.command import Stage
from gate.simulator.loopback import require_loopback_url
from gate.simulator.state import AccountType, App, Installation, Permissions
from gate.simulator.tokens import load_public_key


def register_app(
    stage: Stage,
    public_key_pem: str,
    webhook_secret: str,
    webhook_url: str | None,
    permissions: Permissions,
    events_wanted: list[str],
    name: str = "Deployment Gate",
) -> int:
    """Register an App and give its id; its webhook is greeted with a `ping`."""
    world = stage.world
    load_public_key(public_key_pem)
    if webhook_url is not None:
        require_loopback_url(webhook_url)
    app_id = world.new_id("app")
    slug = name.lower().replace(" ", "-")
    world.apps[app_id] = App(
        id=app_id,
        slug=slug,
        name=name,
        client_id=f"Iv23li{app_id}",
        owner=world.account("maintainer"),
        bot=world.account(f"{slug}[bot]", "Bot"),
        public_key_pem=public_key_pem,
        hook_id=world.new_id("hook"),
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        permissions=dict(permissions) | {"metadata": "read"},
        events=tuple(events_wanted),
        created_at=world.now(),
    )
    if webhook_url is not None:
        events.ping(world, world.apps[app_id])
    return app_id


def set_webhook_url(stage: Stage, webhook_url: str, app_id: int | None = None) -> None:
    """Send an App's webhooks elsewhere from now on."""
    require_loopback_url(webhook_url)
    stage.world.app(app_id).webhook_url = webhook_url


def create_installation(
    stage: Stage,
    account: str,
    account_type: AccountType = "Organization",
    app_id: int | None = None,
) -> int:
    """Install an App on an account and give the installation's id."""
    world = stage.world
    app = world.app(app_id)
    now = world.now()
    installation = Installation(
        id=world.new_id("installation"),
        app_id=app.id,
        account=world.account(account, account_type),
        permissions=dict(app.permissions),
        events=app.events,
        repository_selection="selected",
        repository_ids=set(),
        created_at=now,
        updated_at=now,
    )
    world.installations[installation.id] = installation
    events.installation_changed(world, installation, "created", installation.account)
    return installation.id


def suspend_installation(stage: Stage, installation_id: int) -> None:
    """Suspend an installation: its tokens stop working."""
    world = stage.world
    installation = world.installation(installation_id)
    installation.suspended_at = world.now()
    installation.suspended_by = installation.account
    events.installation_changed(world, installation, "suspend", installation.account)


def unsuspend_installation(stage: Stage, installation_id: int) -> None:
    """Lift a suspension."""
    world = stage.world
    installation = world.installation(installation_id)
    installation.suspended_at = installation.suspended_by = None
    events.installation_changed(world, installation, "unsuspend", installation.account)


def delete_installation(stage: Stage, installation_id: int) -> None:
    """Uninstall the App; its rules go with it, and what waits for them ends as the switches say."""
    world = stage.world
    installation = world.installation(installation_id)
    events.installation_changed(world, installation, "deleted", installation.account)
    stage.tokens.revoke(installation_id)
    del world.installations[installation_id]


def grant(stage: Stage, installation_id: int, permissions: Permissions) -> None:
    """Replace what an installation was granted, as when new permissions are not accepted yet."""
    stage.world.installation(installation_id).permissions = dict(permissions)
