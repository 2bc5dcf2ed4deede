"""Look an installation over: one finding a line, each with what to do about it.

Reads only. GitHub is asked through the same client as the service uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from gate.clock import Clock, utc_now
from gate.domain.github import Installation, Place
from gate.domain.ids import RepositoryId
from gate.errors import GateError, RetryLater
from gate.githubapp.auth import AppCredentials
from gate.githubapp.client import GitHubClient
from gate.githubapp.jwks import SigningKeys
from gate.manifest import load_manifest
from gate.notify.channels import read_channels
from gate.settings import Settings
from gate.store import inbox, incident_issues, repositories
from gate.store.database import Database, Snapshot
from gate.store.schema import schema_is_current

_SQLITE: Final = "sqlite:///"
_SKEW: Final = timedelta(seconds=30)
_LAG: Final = timedelta(minutes=5)
_RANK: Final = {"none": 0, "read": 1, "write": 2, "admin": 3}
_REPOSITORIES: Final = 100
_ORGANIZATION_REPOSITORY: Final = ".github"


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do."""

    level: Level
    what: str
    found: str
    remedy: str = ""


def examine(settings: Settings, clock: Clock = utc_now) -> Iterator[Finding]:
    """Look at everything in turn; a part that cannot be looked at is a finding too."""
    for name in settings.unknown_variables:
        yield Finding(Level.WARN, "settings", f"{name} is no setting", "correct or remove it")
    yield from _guarded("database", lambda: _database(settings, clock))
    key = settings.github_private_key.get_secret_value()
    credentials = AppCredentials(settings.github_app_id, key, clock)
    yield Finding(Level.OK, "private key", "can be read")
    yield from _alert_channels(settings)
    github = GitHubClient(settings.github_api_url, credentials, clock)
    yield from _guarded("App", lambda: _app(github, settings, clock))
    yield from _guarded("installations", lambda: _installations(github))
    yield from _report_tokens(settings, clock)


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except GateError as error:
        detail = f"{error.reason}: {error.detail}"
        yield Finding(Level.FAIL, what, detail, _REMEDIES.get(error.reason, "see the detail"))


_REMEDIES: Final = {
    "permission_missing": "check the App id and that the private key belongs to this App",
    "github_unavailable": "check GATE_GITHUB_API_URL and the way out to it",
    "database_busy": "check GATE_DATABASE_URL and that the database runs",
    "rate_limited": "wait for the quota to be renewed",
}


def _alert_channels(settings: Settings) -> Iterator[Finding]:
    """Say which channels can be used; sending something is for `gate notify test`."""
    channels = read_channels(settings)
    for channel, problems in channels.problems.items():
        for problem in problems:
            remedy = "correct it; until then no alert goes there"
            yield Finding(Level.FAIL, f"alerts by {channel}", problem, remedy)
    for channel in channels.notifiers:
        found = f"configured; `gate notify test {channel}` tries it"
        yield Finding(Level.OK, f"alerts by {channel}", found)
    if not (channels.problems or channels.notifiers):
        remedy = "set one of the variables for alert channels"
        yield Finding(Level.WARN, "alerts", "no channel is configured", remedy)


def _database(settings: Settings, clock: Clock) -> Iterator[Finding]:
    url = settings.database_url.get_secret_value()
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        yield Finding(Level.OK, "database", "no file yet; `gate serve` makes it")
        return
    database = Database(url)
    try:
        if not schema_is_current(database):
            yield Finding(Level.FAIL, "database", "the schema is not current", "run `gate migrate`")
            return
        yield Finding(Level.OK, "database", f"{database.dialect}, schema is current")
        yield _queue(database, clock())
        yield from _refused_issues(database)
    finally:
        database.close()


def _queue(database: Database, now: datetime) -> Finding:
    oldest = database.read(inbox.oldest_unread)
    if oldest is None:
        return Finding(Level.OK, "queue", "no delivery waits to be read")
    lag = now - oldest
    found = f"the oldest unread delivery waits {lag.total_seconds():.0f} s"
    if lag > _LAG:
        return Finding(Level.WARN, "queue", found, "is a worker running? its log says more")
    return Finding(Level.OK, "queue", found)


def _refused_issues(database: Database) -> Iterator[Finding]:
    """Name the repositories whose incidents go on without an issue that the policy wants."""
    for repository_id, reason in database.read(incident_issues.refused_issues):
        known = database.read(partial(_name_of, repository_id))
        remedy = "see docs/how-to/respond-to-an-incident.md, or set `issue: false` in the policy"
        yield Finding(Level.WARN, f"issue in {known}", f"GitHub refuses it: {reason}", remedy)


def _name_of(repository_id: RepositoryId, snapshot: Snapshot) -> str:
    repository = repositories.read_repository(snapshot, repository_id)
    return repository.full_name if repository is not None else f"repository {repository_id}"


def _app(github: GitHubClient, settings: Settings, clock: Clock) -> Iterator[Finding]:
    wanted = load_manifest()
    app = github.read_app()
    yield Finding(Level.OK, "App", f"{app.slug} (id {app.id}) answers to this key")
    yield _clock_finding(github.read_time(), clock())
    lacking = [
        f"{name}: {level}"
        for name, level in wanted.permissions.items()
        if _RANK.get(app.permissions.get(name, "none"), 0) < _RANK[level]
    ]
    remedy = "grant it in the App's settings, then accept it in each installation"
    yield _lacking("permissions", lacking, remedy)
    missing = [event for event in wanted.events if event not in app.events]
    yield _lacking("events", missing, "subscribe to it in the App's settings")
    expected = f"{settings.public_url}/webhooks/github"
    actual = github.read_hook_url()
    if actual == expected:
        yield Finding(Level.OK, "webhook", actual)
    else:
        remedy = "correct the App's webhook URL or GATE_PUBLIC_URL, unless a proxy explains it"
        yield Finding(Level.WARN, "webhook", f"goes to {actual}, not to {expected}", remedy)


def _report_tokens(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Look for the keys of report tokens; without them deployments are answered all the same."""
    what = "report tokens"
    issuer = settings.github_oidc_issuer
    try:
        told = SigningKeys(issuer, clock).read()
    except RetryLater as error:
        remedy = (
            "check GATE_GITHUB_OIDC_ISSUER and the way out to it; reports are refused meanwhile"
        )
        yield Finding(Level.WARN, what, f"{issuer}: {error.detail}", remedy)
        return
    found = f"{len(told.keys)} keys of {issuer}; tokens must be for {settings.report_audience}"
    yield Finding(Level.OK, what, found)
    if told.told_at is not None and abs(clock() - told.told_at) > _SKEW:
        found = f"{abs(clock() - told.told_at).total_seconds():.0f} s away from the issuer's"
        yield Finding(Level.FAIL, "clock", found, "synchronise this machine's clock")


def _lacking(what: str, names: list[str], remedy: str) -> Finding:
    if names:
        return Finding(Level.FAIL, what, f"missing {', '.join(names)}", remedy)
    return Finding(Level.OK, what, "all that app.yaml asks for")


def _clock_finding(github: datetime | None, now: datetime) -> Finding:
    if github is None:
        return Finding(Level.WARN, "clock", "GitHub did not tell the time")
    skew = abs(now - github)
    if skew > _SKEW:
        found = f"{skew.total_seconds():.0f} s away from GitHub's"
        return Finding(Level.FAIL, "clock", found, "synchronise this machine's clock")
    return Finding(Level.OK, "clock", "agrees with GitHub's")


def _installations(github: GitHubClient) -> Iterator[Finding]:
    installations = github.read_installations()
    if not installations:
        yield Finding(Level.WARN, "installations", "none", "install the App on a repository")
    for installation in installations:
        look = partial(_installation, github, installation)
        yield from _guarded(installation.account.login, look)


def _installation(github: GitHubClient, installation: Installation) -> Iterator[Finding]:
    login = installation.account.login
    if installation.suspended:
        yield Finding(Level.WARN, login, "the installation is suspended", "unsuspend it")
        return
    repositories = github.read_installation_repositories(installation)
    names = {it.full_name.partition("/")[2] for it in repositories}
    if _ORGANIZATION_REPOSITORY not in names and not installation.sees_all:
        yield _unseen_floor(login)
    for repository in repositories[:_REPOSITORIES]:
        place = Place(installation.id, repository.id, repository.full_name)
        found = github.read_environments(place)
        gated = [it for it in found if github.read_rule_enabled(place, it)]
        if gated:
            yield Finding(Level.OK, repository.full_name, f"gates {', '.join(gated)}")
        else:
            remedy = "enable the App's rule in Settings > Environments"
            yield Finding(Level.WARN, repository.full_name, "gates no environment", remedy)
    if len(repositories) > _REPOSITORIES:
        left = len(repositories) - _REPOSITORIES
        yield Finding(Level.WARN, login, f"{left} more repositories were not looked at")


def _unseen_floor(login: str) -> Finding:
    """Warn that an organization may have a policy that the App cannot see."""
    found = f"the App is not installed on {login}/.github: a policy there would not be known"
    remedy = f"add {login}/.github to the installation, if there is such a repository"
    return Finding(Level.WARN, f"floor of {login}", found, remedy)
