"""Look at what the App is installed on, and which environments it gates there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from gate.doctor.findings import Finding, Level, guarded
from gate.doctor.workflows import find_workflows
from gate.domain.github import Installation, Place
from gate.domain.looks import longest_wait
from gate.githubapp.client import GitHubClient

_REPOSITORIES: Final = 100
_LONG: Final = 2
_ORGANIZATION_REPOSITORY: Final = ".github"


def find_installations(github: GitHubClient) -> Iterator[Finding]:
    """Look at each installation; one that cannot be read is a finding."""
    installations = github.read_installations()
    if not installations:
        yield Finding(Level.WARN, "installations", "none", "install the App on a repository")
    for installation in installations:
        look = partial(_installation, github, installation)
        yield from guarded(installation.account.login, look)


def _installation(github: GitHubClient, installation: Installation) -> Iterator[Finding]:
    login = installation.account.login
    if installation.suspended:
        yield Finding(Level.WARN, login, "the installation is suspended", "unsuspend it")
        return
    repositories = github.read_installation_repositories(installation)
    yield _looking(login, len(repositories))
    names = {it.full_name.partition("/")[2] for it in repositories}
    if _ORGANIZATION_REPOSITORY not in names and not installation.sees_all:
        yield _unseen_floor(login)
    for repository in repositories[:_REPOSITORIES]:
        place = Place(installation.id, repository.id, repository.full_name)
        found = github.read_environments(place)
        gated = [it for it in found if github.read_rule_enabled(place, it)]
        if gated:
            yield Finding(Level.OK, repository.full_name, f"gates {', '.join(gated)}")
            yield from find_workflows(github, place, gated)
        else:
            remedy = "enable the App's rule in Settings > Environments"
            yield Finding(Level.WARN, repository.full_name, "gates no environment", remedy)
    if len(repositories) > _REPOSITORIES:
        left = len(repositories) - _REPOSITORIES
        yield Finding(Level.WARN, login, f"{left} more repositories were not looked at")


def _looking(login: str, repositories: int) -> Finding:
    """Tell how long it takes to find what no webhook told."""
    minutes = round(longest_wait(repositories) / timedelta(minutes=1))
    found = f"{repositories} repositories: a lost webhook is found within {minutes} minutes"
    if minutes > _LONG:
        found = f"{found}, sooner where deployments wait or runs have started lately"
    return Finding(Level.OK, f"looks at {login}", found)


def _unseen_floor(login: str) -> Finding:
    """Warn that an organization may have a policy that the App cannot see."""
    found = f"the App is not installed on {login}/.github: a policy there would not be known"
    remedy = f"add {login}/.github to the installation, if there is such a repository"
    return Finding(Level.WARN, f"floor of {login}", found, remedy)
