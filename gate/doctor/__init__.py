"""Check an installation: one finding per line, each with how to fix it.

Reads only. GitHub is asked through the same client as the service uses. Each file here looks at
one subject; `examine` is the order of the lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gate.bootstrap.server_policy import read_server_policy
from gate.clock import Clock, utc_now
from gate.doctor.app import find_app
from gate.doctor.channels import find_channels
from gate.doctor.database import find_database
from gate.doctor.findings import HOPELESS, Finding, Level, guarded
from gate.doctor.hook_deliveries import find_hook_deliveries
from gate.doctor.installations import Look, find_installations
from gate.doctor.policies import Policies
from gate.doctor.report_tokens import find_report_tokens
from gate.doctor.sign_in import find_sign_in
from gate.errors import ConfigError
from gate.githubapp.app.auth import AppCredentials
from gate.githubapp.clients import GitHubClients
from gate.settings import Settings, near_miss

__all__ = ["Finding", "Level", "examine"]


def examine(
    settings: Settings, clock: Clock = utc_now, *, tell: Callable[[str], None] | None = None
) -> Iterator[Finding]:
    """Check everything in turn; a part that cannot be checked is a finding too.

    `tell` receives what is being checked where that takes long.
    """
    tell = tell or _tell_nobody
    for name in settings.unknown_variables:
        meant = near_miss(name)
        remedy = "correct or remove it" if meant is None else f"did you mean {meant}?"
        yield Finding(Level.WARN, "settings", f"{name} is not a setting", remedy)
    yield from guarded("database", lambda: find_database(settings, clock))
    key = settings.github_private_key.get_secret_value()
    credentials = AppCredentials(settings.github_app_id, key, clock)
    yield Finding(Level.OK, "private key", "readable")
    yield from find_channels(settings)
    yield from find_sign_in(settings)
    github = GitHubClients.connect(settings.github_api_url, credentials, clock)
    try:
        yield from _find_on_github(github, settings, clock, tell)
    finally:
        github.close()
    yield from find_report_tokens(settings, clock)


def _find_on_github(
    github: GitHubClients, settings: Settings, clock: Clock, tell: Callable[[str], None]
) -> Iterator[Finding]:
    reason = yield from guarded("App", lambda: find_app(github.app, settings, clock))
    if reason in HOPELESS:
        return
    yield from guarded("deliveries", lambda: find_hook_deliveries(github.app))
    try:
        server, _ = read_server_policy(settings)
    except ConfigError as error:
        for problem in error.problems:
            yield Finding(Level.FAIL, "policy of the server", problem, "fix the file")
        return
    look = Look(github, Policies(github.contents, server), tell)
    yield from guarded("installations", lambda: find_installations(look))


def _tell_nobody(_text: str) -> None:
    """Show no progress."""
