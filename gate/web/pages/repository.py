"""Show the policy in force in a repository, where it comes from, and how it changed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from gate.domain.model.deliveries import Repository
from gate.domain.model.policy import (
    InvalidPolicy,
    LoadedPolicy,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.policy_sources import PolicyChoice
from gate.policyfile import parse_policy
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible
from gate.store.github.policies import read_policy_text
from gate.store.github.policy_history import PolicyChange, read_policy_changes
from gate.store.github.repositories import read_served_repository
from gate.store.github.stored_policies import choose_known, read_known
from gate.web.pages.site import Site


@dataclass(frozen=True, slots=True)
class _Found:
    repository: Repository
    choice: PolicyChoice | None
    text: str
    changes: list[PolicyChange]


def repository_pages(site: Site) -> Blueprint:
    """Build the route of the policy page."""
    pages = site.blueprint("repository")

    @pages.get("/repositories/<owner>/<name>")
    def repository(owner: str, name: str) -> Response:
        found = site.read(lambda snapshot: _read(snapshot, site, f"{owner}/{name}"))
        if found is None:
            site.missing("repository")
        reading = _shown_reading(found.choice)
        return site.render(
            "repository.html",
            repository=found.repository,
            basis=found.choice.basis if found.choice is not None else None,
            is_elsewhere=found.choice is not None and reading is None,
            loaded=reading if isinstance(reading, LoadedPolicy) else None,
            invalid=reading if isinstance(reading, InvalidPolicy) else None,
            unavailable=reading if isinstance(reading, UnavailablePolicy) else None,
            text=found.text,
            changes=found.changes,
        )

    return pages


def _read(snapshot: Snapshot, site: Site, full_name: str) -> _Found | None:
    found = find_visible(snapshot, full_name, site.viewer.visible)
    repository = read_served_repository(snapshot, found) if found is not None else None
    if repository is None:
        return None
    known = read_known(snapshot, [repository])
    choice = choose_known(
        known,
        repository,
        parse_policy,
        site.deps.server_policy,
        requires_floor=site.deps.requires_floor,
    )
    return _Found(
        repository,
        choice,
        _own_text(snapshot, choice),
        read_policy_changes(snapshot, repository.id),
    )


def _shown_reading(choice: PolicyChoice | None) -> PolicyReading | None:
    """Return the policy in force; None where it is the organization's.

    That one is in another repository, which this reader may not see: neither its environments nor
    what its problems quote is shown.
    """
    if choice is None:
        return None
    is_organizations = choice.basis.organization is not None and choice.basis.repository is None
    if is_organizations or (isinstance(choice.reading, InvalidPolicy) and not _is_own(choice)):
        return None
    return choice.reading


def _is_own(choice: PolicyChoice) -> bool:
    """Return whether the problems are those of the repository's own file."""
    own = choice.basis.repository
    return (
        own is not None
        and isinstance(choice.reading, InvalidPolicy)
        and choice.reading.digest == own.digest
    )


def _own_text(snapshot: Snapshot, choice: PolicyChoice | None) -> str:
    """Return the repository's own file; another's may not be for this reader."""
    own = choice.basis.repository if choice is not None else None
    found = read_policy_text(snapshot, own.digest) if own is not None else None
    return found.decode(errors="replace") if found is not None else ""
