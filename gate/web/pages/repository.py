"""Show the policy in force in a repository: each value with its origin, and how it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import groupby
from typing import Final

from flask import Blueprint, Response

from gate.domain.model.deliveries import Repository
from gate.domain.model.policy.policy import (
    InvalidPolicy,
    LoadedPolicy,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.policy.sources import PolicyChoice, PolicyPlace, without_organization
from gate.domain.model.policy.values import (
    BUILT_IN,
    ORGANIZATION,
    REPOSITORY,
    SERVER,
    PastPolicy,
    TracedValue,
    list_values,
    place_in_force,
    trace_values,
)
from gate.domain.text.comparison import compare_texts
from gate.policyfile import built_in_text, parse_policy, written_lines
from gate.store.engine.database import Snapshot
from gate.store.github.names import find_visible, may_see_owners
from gate.store.github.policies import read_policy_text
from gate.store.github.policy_authors import PolicyAuthor, read_authors
from gate.store.github.policy_history import MOST_CHANGES, PolicyChange, read_policy_changes
from gate.store.github.repositories import read_served_repository
from gate.store.github.stored_policies import choose_known, organization_source, read_known
from gate.web.pages.frame.queries import check_names
from gate.web.pages.frame.site import Site

_BUILT_IN_DIGEST: Final = sha256(built_in_text()).hexdigest()
_PLACES: Final = {
    REPOSITORY: "the repository's file",
    ORGANIZATION: "the organization's file",
    SERVER: "the server's policy",
    BUILT_IN: "built in",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of a repository; `reading` is None where it may not be shown to this reader.

    So is `floor_author`, who changed the organization's policy last.
    """

    repository: Repository
    choice: PolicyChoice | None
    reading: PolicyReading | None
    place: str
    values: list[TracedValue]
    text: str
    changes: list[PolicyChange]
    floor_author: PolicyAuthor | None


def repository_pages(site: Site) -> Blueprint:
    """Build the route of the policy page."""
    pages = site.blueprint("repository")

    @pages.get("/repositories/<owner>/<name>")
    @site.shared
    def repository(owner: str, name: str) -> Response:
        check_names()
        found = site.read(lambda snapshot: _read(snapshot, site, f"{owner}/{name}"))
        if found is None:
            site.missing("repository")
        reading, choice = found.reading, found.choice
        return site.render(
            "repository.html",
            repository=found.repository,
            basis=choice.basis if choice is not None else None,
            in_force=found.place,
            places=_PLACES,
            sees_floor=any(it.floor for it in found.values),
            is_elsewhere=choice is not None and reading is None,
            loaded=reading if isinstance(reading, LoadedPolicy) else None,
            invalid=reading if isinstance(reading, InvalidPolicy) else None,
            unavailable=reading if isinstance(reading, UnavailablePolicy) else None,
            groups=[(name, list(it)) for name, it in groupby(found.values, _environment)],
            text=found.text,
            changes=found.changes,
            diffs=[compare_texts(it.before, it.text) for it in found.changes],
            floor_author=found.floor_author,
        )

    return pages


def _environment(value: TracedValue) -> str:
    return value.environment


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
    changes = read_policy_changes(snapshot, repository.id)
    if choice is None:
        return _Found(repository, None, None, "", [], "", changes, None)
    sees_floor = may_see_owners(snapshot, repository.owner.id, site.viewer.visible)
    reading: PolicyReading | None = choice.reading
    if not sees_floor:
        reading = without_organization(choice.reading, choice.basis)
    basis, place = choice.basis, place_in_force(choice.basis)
    is_built_in = place == SERVER and basis.server.digest == _BUILT_IN_DIGEST
    document = {
        REPOSITORY: basis.repository,
        ORGANIZATION: basis.organization,
        SERVER: basis.server,
    }
    text = _text(snapshot, document[place])
    values: list[TracedValue] = []
    if isinstance(reading, LoadedPolicy):
        values = trace_values(
            reading.policy,
            place,
            {} if is_built_in else written_lines(text),
            reading.floor,
            _past(changes) if place == REPOSITORY else (),
        )
    own = text.decode(errors="replace") if place == REPOSITORY else ""
    author = _floor_author(snapshot, repository) if sees_floor else None
    return _Found(repository, choice, reading, place, values, own, changes, author)


def _floor_author(snapshot: Snapshot, repository: Repository) -> PolicyAuthor | None:
    found = read_authors(snapshot, organization_source(repository.owner.id), 1)
    return found[0] if found else None


def _text(snapshot: Snapshot, place: PolicyPlace | None) -> bytes:
    """Return the text of the document in force, as far as it is kept."""
    found = read_policy_text(snapshot, place.digest) if place is not None else None
    return found or b""


def _past(changes: Sequence[PolicyChange]) -> list[PastPolicy]:
    """Return what the repository's own file was read as, the newest first."""
    return [PastPolicy(it.at, _values(it.text), it.is_first) for it in changes]


@lru_cache(maxsize=2 * MOST_CHANGES)
def _values(text: bytes) -> dict[tuple[str, ...], str]:
    reading = parse_policy(text, "", is_remembered=False) if text else None
    return dict(list_values(reading.policy)) if isinstance(reading, LoadedPolicy) else {}
