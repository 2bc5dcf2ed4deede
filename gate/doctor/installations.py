"""Check what the App is installed on, and each repository there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from gate.doctor.environments import (
    find_bypassable,
    find_gated,
    find_unchecked,
    read_environments,
)
from gate.doctor.findings import HOPELESS, Finding, Level, guarded
from gate.doctor.policies import Policies
from gate.doctor.workflows import find_workflows
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import Installation
from gate.domain.requests.sweep_budget import longest_wait
from gate.githubapp.clients import GitHubClients

_REPOSITORIES: Final = 100
_LONG: Final = 2
_ORGANIZATION_REPOSITORY: Final = ".github"


@dataclass(frozen=True, slots=True)
class Look:
    """What each repository is checked with; `tell` gets the name of each."""

    github: GitHubClients
    policies: Policies
    tell: Callable[[str], None]


def find_installations(look: Look) -> Iterator[Finding]:
    """Check each installation; one that cannot be read is a finding."""
    installations = look.github.app.read_installations()
    if not installations:
        yield Finding(Level.WARN, "installations", "none", "install the App on a repository")
    for installation in installations:
        yield from guarded(installation.account.login, partial(_installation, look, installation))


def _installation(look: Look, installation: Installation) -> Iterator[Finding]:
    login = installation.account.login
    if installation.suspended:
        yield Finding(Level.WARN, login, "the installation is suspended", "unsuspend it")
        return
    repositories = look.github.app.read_installation_repositories(installation)
    yield _looking(login, len(repositories))
    names = {it.full_name.partition("/")[2] for it in repositories}
    if _ORGANIZATION_REPOSITORY not in names and not installation.sees_all:
        yield _unseen_floor(login)
    chosen = repositories[:_REPOSITORIES]
    for number, repository in enumerate(chosen, 1):
        look.tell(f"checking {repository.full_name} ({number} of {len(chosen)})")
        reason = yield from guarded(repository.full_name, partial(_repository, look, repository))
        if reason in HOPELESS:
            left = len(repositories) - number
            yield Finding(Level.WARN, login, f"{left} more repositories were not checked")
            return
    if len(repositories) > _REPOSITORIES:
        left = len(repositories) - _REPOSITORIES
        yield Finding(Level.WARN, login, f"{left} more repositories were not checked")


def _repository(look: Look, repository: Repository) -> Iterator[Finding]:
    address = repository.address
    if repository.archived:
        found = "the repository is archived and read-only"
        remedy = "unarchive it, or remove it from the installation"
        yield Finding(Level.WARN, address.full_name, found, remedy)
        return
    seen = read_environments(look.github.deployments, address)
    yield from find_gated(address, seen)
    yield from find_bypassable(address, seen)
    yield from look.policies.find(repository, address, seen)
    if seen.gated:
        yield from find_workflows(look.github.contents, address, seen.gated)
    yield from find_unchecked(address, seen)


def _looking(login: str, repositories: int) -> Finding:
    """Report how long it takes to find what no webhook announced."""
    minutes = round(longest_wait(repositories) / timedelta(minutes=1))
    covered = "1 repository" if repositories == 1 else f"{repositories} repositories"
    found = f"{covered}: the gate finds a lost webhook within {minutes} minutes"
    if minutes > _LONG:
        found = f"{found}, sooner where deployments wait or runs started recently"
    return Finding(Level.OK, f"sweep of {login}", found)


def _unseen_floor(login: str) -> Finding:
    """Warn that an organization may have a policy that the App cannot see."""
    found = f"the App is not installed on {login}/.github, so the gate cannot see a policy there"
    remedy = f"add {login}/.github to the installation, if that repository exists"
    return Finding(Level.WARN, f"organization policy of {login}", found, remedy)
