"""Users, organizations, teams, Apps and installations as GitHub's REST API shows them."""

from gate.simulator.clock import timestamp
from gate.simulator.state.accounts import Account, App, Installation, Team
from gate.simulator.state.world import Json, World


def node_id(prefix: str, number: int) -> str:
    """Make a GraphQL node id; only its being opaque and stable matters."""
    return f"{prefix}_kwDO{number:012x}"


def simple_user(world: World, account: Account) -> Json:
    """Describe an account as `simple-user`."""
    cached = world.shape_cache.get(("user", account.id))
    if cached is not None:
        return cached
    url = f"{world.api_url}/users/{account.login}"
    shape: Json = {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.id),
        "avatar_url": f"{world.web_url}/avatars/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.web_url}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.type,
        "user_view_type": "public",
        "site_admin": False,
    }
    world.shape_cache["user", account.id] = shape
    return shape


def profile(world: World, account: Account) -> Json:
    """Describe an account as `public-user`."""
    since = timestamp(world.now())
    return simple_user(world, account) | {
        **dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio")),
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "created_at": since,
        "updated_at": since,
    }


def organization(world: World, account: Account) -> Json:
    """Describe an organization as webhooks carry it."""
    url = f"{world.api_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{world.web_url}/avatars/o/{account.id}?v=4",
        "description": f"The organization {account.login}",
    }


def team(world: World, value: Team) -> Json:
    """Describe a team as `team`."""
    url = f"{world.api_url}/organizations/{value.organization}/team/{value.id}"
    return {
        "id": value.id,
        "node_id": node_id("T", value.id),
        "name": value.slug,
        "slug": value.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "type": "organization",
        "url": url,
        "html_url": f"{world.web_url}/orgs/{value.organization}/teams/{value.slug}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "parent": None,
    }


def app(world: World, value: App) -> Json:
    """Describe an App as `integration`."""
    return {
        "id": value.id,
        "slug": value.slug,
        "client_id": value.client_id,
        "node_id": node_id("A", value.id),
        "owner": simple_user(world, value.owner),
        "name": value.name,
        "description": "",
        "external_url": f"{world.web_url}/apps/{value.slug}",
        "html_url": f"{world.web_url}/apps/{value.slug}",
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.created_at),
        "permissions": dict(value.permissions),
        "events": list(value.events),
        "installations_count": sum(i.app_id == value.id for i in world.installations.values()),
    }


def installation(world: World, value: Installation) -> Json:
    """Describe an installation."""
    application = world.apps[value.app_id]
    suspended = value.suspended_by and simple_user(world, value.suspended_by)
    return {
        "id": value.id,
        "account": simple_user(world, value.account),
        "repository_selection": value.repository_selection,
        "access_tokens_url": f"{world.api_url}/app/installations/{value.id}/access_tokens",
        "repositories_url": f"{world.api_url}/installation/repositories",
        "html_url": f"{world.web_url}/settings/installations/{value.id}",
        "app_id": value.app_id,
        "client_id": application.client_id,
        "app_slug": application.slug,
        "target_id": value.account.id,
        "target_type": value.account.type,
        "permissions": dict(value.permissions),
        "events": list(value.events),
        "created_at": timestamp(value.created_at),
        "updated_at": timestamp(value.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": suspended,
        "suspended_at": timestamp(value.suspended_at) if value.suspended_at else None,
    }
