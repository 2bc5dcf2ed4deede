"""Look an installation over: one finding a line, each with what to do about it.

Reads only. GitHub is asked through the same client as the service uses. Each file here looks at
one subject; `examine` is the order of the lines.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.clock import Clock, utc_now
from gate.doctor.app import find_app
from gate.doctor.channels import find_channels
from gate.doctor.database import find_database
from gate.doctor.findings import Finding, Level, guarded
from gate.doctor.installations import find_installations
from gate.doctor.report_tokens import find_report_tokens
from gate.githubapp.auth import AppCredentials
from gate.githubapp.client import GitHubClient
from gate.settings import Settings, near_miss

__all__ = ["Finding", "Level", "examine"]


def examine(settings: Settings, clock: Clock = utc_now) -> Iterator[Finding]:
    """Look at everything in turn; a part that cannot be looked at is a finding too."""
    for name in settings.unknown_variables:
        meant = near_miss(name)
        remedy = "correct or remove it" if meant is None else f"did you mean {meant}?"
        yield Finding(Level.WARN, "settings", f"{name} is no setting", remedy)
    yield from guarded("database", lambda: find_database(settings, clock))
    key = settings.github_private_key.get_secret_value()
    credentials = AppCredentials(settings.github_app_id, key, clock)
    yield Finding(Level.OK, "private key", "can be read")
    yield from find_channels(settings)
    github = GitHubClient(settings.github_api_url, credentials, clock)
    yield from guarded("App", lambda: find_app(github, settings, clock))
    yield from guarded("installations", lambda: find_installations(github))
    yield from find_report_tokens(settings, clock)
