"""Commands about Apps and where they are installed."""

from typing import Literal

from gate.simulator.actions import gates
from gate.simulator.commands.command import Stage
from gate.simulator.events import apps as app_events
from gate.simulator.http.tokens import load_public_key
from gate.simulator.loopback import require_loopback_url
from gate.simulator.state.accounts import AccountType, App, Installation, Permissions
from gate.simulator.state.world import World


def register_app(
    stage: Stage,
    public_key_pem: str,
    webhook_secret: str,
    webhook_url: str | None,
    permissions: Permissions,
    events_wanted: list[str],
    name: str = "Deployment Gate",
    app_id: int | None = None,
    client_id: str | None = None,
    client_secret: str = "",
    callback_urls: list[str] | None = None,
) -> int:
    """Register an App and give its id; its webhook is greeted with a `ping`.

    Ids that are not given are made up; without a client secret nobody can sign in.
    """
    world = stage.world
    load_public_key(public_key_pem)
    if webhook_url is not None:
        require_loopback_url(webhook_url)
    app_id = world.new_id("app") if app_id is None else app_id
    world.require(app_id not in world.apps, f"App {app_id} is registered")
    slug = name.lower().replace(" ", "-")
    world.apps[app_id] = App(
        id=app_id,
        slug=slug,
        name=name,
        client_id=client_id or f"Iv23li{app_id}",
        owner=world.account("maintainer"),
        bot=world.account(f"{slug}[bot]", "Bot"),
        public_key_pem=public_key_pem,
        hook_id=world.new_id("hook"),
        webhook_url=webhook_url,
        webhook_secret=webhook_secret,
        permissions=dict(permissions) | {"metadata": "read"},
        events=tuple(events_wanted),
        created_at=world.now(),
        client_secret=client_secret,
        callback_urls=tuple(callback_urls or ()),
    )
    if webhook_url is not None:
        app_events.ping(world, world.apps[app_id])
    return app_id


def set_webhook_url(stage: Stage, webhook_url: str, app_id: int | None = None) -> None:
    """Send an App's webhooks elsewhere from now on."""
    require_loopback_url(webhook_url)
    stage.world.app(app_id).webhook_url = webhook_url


def set_client(
    stage: Stage, client_secret: str, callback_urls: list[str], app_id: int | None = None
) -> str:
    """Set an App's client secret and its callback URLs, and return its client id."""
    for url in callback_urls:
        require_loopback_url(url)
    app = stage.world.app(app_id)
    app.client_secret = client_secret
    app.callback_urls = tuple(callback_urls)
    return app.client_id


def create_installation(
    stage: Stage,
    account: str,
    account_type: AccountType = "Organization",
    app_id: int | None = None,
    repository_selection: Literal["all", "selected"] = "selected",
    permissions: Permissions | None = None,
) -> int:
    """Install an App on an account and give the installation's id.

    With the selection "all" every repository of the account is included, later ones too.
    `permissions` grants less than the App asks for.
    """
    world = stage.world
    app = world.app(app_id)
    now = world.now()
    installation = Installation(
        id=world.new_id("installation"),
        app_id=app.id,
        account=world.account(account, account_type),
        permissions=dict(app.permissions if permissions is None else permissions),
        events=app.events,
        repository_selection=repository_selection,
        repository_ids=set(),
        created_at=now,
        updated_at=now,
    )
    if repository_selection == "all":
        installation.repository_ids.update(
            each.id for each in world.repositories.values() if each.owner is installation.account
        )
    world.installations[installation.id] = installation
    app_events.installation_changed(world, installation, "created", installation.account)
    return installation.id


def suspend_installation(stage: Stage, installation_id: int) -> None:
    """Suspend an installation: its tokens stop working, its rules are asked no more."""
    world = stage.world
    installation = world.installation(installation_id)
    installation.suspended_at = world.now()
    installation.suspended_by = installation.account
    app_events.installation_changed(world, installation, "suspend", installation.account)
    _abandon(world, installation)


def unsuspend_installation(stage: Stage, installation_id: int) -> None:
    """Lift a suspension."""
    world = stage.world
    installation = world.installation(installation_id)
    installation.suspended_at = installation.suspended_by = None
    app_events.installation_changed(world, installation, "unsuspend", installation.account)


def delete_installation(stage: Stage, installation_id: int) -> None:
    """Uninstall the App; what waits for its rules hangs or fails, as the switches say."""
    world = stage.world
    installation = world.installation(installation_id)
    app_events.installation_changed(world, installation, "deleted", installation.account)
    stage.tokens.revoke(installation_id)
    _abandon(world, installation)
    del world.installations[installation_id]


def set_ip_allow_list(
    stage: Stage,
    account: str,
    allows: bool,  # noqa: FBT001 - called by keyword
) -> None:
    """Let an organization's IP allow list shut its callers out, or let them in again."""
    stage.world.account(account, "Organization").allows_ip = allows


def replace_app_key(stage: Stage, public_key_pem: str, app_id: int | None = None) -> None:
    """Delete the private key of an App and make another one; what the old one signed is refused."""
    load_public_key(public_key_pem)
    app = stage.world.app(app_id)
    app.public_key_pem = public_key_pem
    stage.tokens.forget_jwts(app)


def _abandon(world: World, installation: Installation) -> None:
    if world.switches.removed_installation == "hang":
        return
    for run_id in sorted(world.waiting_run_ids):
        run = world.runs[run_id]
        if run.repository_id in installation.repository_ids:
            gates.fail_waiting(world, run, app_id=installation.app_id)


def grant(stage: Stage, installation_id: int, permissions: Permissions) -> None:
    """Replace what an installation was granted, as when its owner accepts new permissions."""
    installation = stage.world.installation(installation_id)
    installation.permissions = dict(permissions)
    installation.updated_at = stage.world.now()
    app_events.installation_changed(
        stage.world, installation, "new_permissions_accepted", installation.account
    )
