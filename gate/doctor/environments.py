"""Check the environments of a repository: which of them the App gates, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gate.doctor.findings import Finding, Level
from gate.domain.model.github import RepositoryAddress
from gate.githubapp.deployments import DeploymentsClient

_MOST: Final = 30
"""Of a repository: each costs a call."""


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments of a repository, and those of them that the App gates.

    `bypassable` are those of the gated ones whose rules administrators can bypass. `unchecked`
    counts those that were not looked at.
    """

    names: Sequence[str]
    gated: Sequence[str]
    bypassable: Sequence[str]
    unchecked: int


def read_environments(deployments: DeploymentsClient, address: RepositoryAddress) -> Environments:
    """Read the environments of a repository, and on which of them the App's rule is enabled."""
    found = deployments.read_environments(address)
    looked_at = list(found)[:_MOST]
    gated = [it for it in looked_at if deployments.read_rule_enabled(address, it)]
    bypassable = [it for it in gated if found[it]]
    return Environments(looked_at, gated, bypassable, len(found) - len(looked_at))


def find_gated(address: RepositoryAddress, seen: Environments) -> Iterator[Finding]:
    """Name the environments that the App gates; none is a finding."""
    if seen.gated:
        yield Finding(Level.OK, address.full_name, f"gates {', '.join(seen.gated)}")
    else:
        remedy = "enable the App's rule in Settings > Environments"
        yield Finding(Level.WARN, address.full_name, "gates no environment", remedy)


def find_bypassable(address: RepositoryAddress, seen: Environments) -> Iterator[Finding]:
    """Warn where administrators can bypass the gate, which GitHub allows unless told otherwise."""
    for name in seen.bypassable:
        found = f"administrators can bypass the gate at {name}; the gate records it when they do"
        remedy = (
            f"in Settings > Environments > {name}, clear"
            " 'Allow administrators to bypass configured protection rules'"
        )
        yield Finding(Level.WARN, address.full_name, found, remedy)


def find_unchecked(address: RepositoryAddress, seen: Environments) -> Iterator[Finding]:
    """Count the environments that were not checked."""
    if seen.unchecked:
        found = f"{seen.unchecked} more environments were not checked"
        yield Finding(Level.WARN, address.full_name, found)
