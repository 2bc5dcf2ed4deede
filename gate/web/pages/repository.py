"""Show the policy in force in a repository, where it comes from, and how it changed."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response

from gate.domain.model.deliveries import Repository
from gate.domain.model.policy import InvalidPolicy, LoadedPolicy, UnavailablePolicy
from gate.domain.model.policy_sources import PolicyChoice
from gate.policyfile import parse_policy
from gate.store.engine.database import Snapshot
from gate.store.github.policies import read_policy_text
from gate.store.github.policy_history import PolicyChange, read_policy_changes
from gate.store.github.repositories import find_repository
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
        reading = found.choice.reading if found.choice is not None else None
        return site.render(
            "repository.html",
            repository=found.repository,
            basis=found.choice.basis if found.choice is not None else None,
            loaded=reading if isinstance(reading, LoadedPolicy) else None,
            invalid=reading if isinstance(reading, InvalidPolicy) else None,
            unavailable=reading if isinstance(reading, UnavailablePolicy) else None,
            text=found.text,
            changes=found.changes,
        )

    return pages


def _read(snapshot: Snapshot, site: Site, full_name: str) -> _Found | None:
    if "\0" in full_name:
        return None
    repository = find_repository(snapshot, full_name)
    if repository is None or not site.viewer.visible.includes(repository.id):
        return None
    known = read_known(snapshot, [repository])
    choice = choose_known(known, repository, parse_policy, site.deps.server_policy)
    return _Found(
        repository,
        choice,
        _own_text(snapshot, choice),
        read_policy_changes(snapshot, repository.id),
    )


def _own_text(snapshot: Snapshot, choice: PolicyChoice | None) -> str:
    """Return the repository's own file; another's may not be for this reader."""
    own = choice.basis.repository if choice is not None else None
    found = read_policy_text(snapshot, own.digest) if own is not None else None
    return found.decode(errors="replace") if found is not None else ""
