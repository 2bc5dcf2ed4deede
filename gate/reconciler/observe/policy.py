"""Find the policy that speaks for a repository, from the documents that were read.

A document is trusted until a push to its default branch, for `POLICY_TRUSTED` at most, and never
longer than webhooks have been received without a gap. How one is read, and what is believed of it,
`gate.reconciler.observe.policy_documents` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, RepositoryId
from gate.domain.model.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    AlertPolicy,
    LoadedPolicy,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.policy_sources import PolicyChoice, choose
from gate.errors import GateError
from gate.reconciler.deps import Deps
from gate.reconciler.obstacles import cause
from gate.store.engine.database import Snapshot
from gate.store.github import policies
from gate.store.github.policies import PolicyDocument
from gate.store.github.repositories import read_repository

POLICY_TRUSTED: Final = timedelta(minutes=10)

_MISNAMED: Final = "misnamed:"

Known = Mapping[str, tuple[PolicyDocument, bytes | None]]


def repository_source(repository_id: RepositoryId) -> str:
    """Name the document in a repository."""
    return f"repository:{repository_id}"


def organization_source(owner_id: AccountId) -> str:
    """Name the document in an owner's `.github` repository."""
    return f"organization:{owner_id}"


def misnamed(source: str) -> str:
    """Name the document at the wrong path beside a document."""
    return f"{_MISNAMED}{source}"


def is_misnamed(source: str) -> bool:
    """Return whether a document stands at the wrong path."""
    return source.startswith(_MISNAMED)


def path_of(source: str) -> str:
    """Return the path of a document in its repository."""
    return MISNAMED_PATH if is_misnamed(source) else POLICY_PATH


def shown(source: str, repository: Repository) -> str:
    """Name a document as a person finds it."""
    own = repository_source(repository.id)
    holder = repository.full_name
    if source.removeprefix(_MISNAMED) != own:
        holder = f"{repository.owner.login}/.github"
    return f"{holder}/{path_of(source)}"


def sources_of(repository: Repository) -> tuple[str, str]:
    """Name the documents that may speak for a repository: its own and the organization's."""
    return repository_source(repository.id), organization_source(repository.owner.id)


def policy_of(
    snapshot: Snapshot, repository: Repository, deps: Deps, now: datetime
) -> PolicyChoice | None:
    """Return the policy from what is stored; None when a document must be read first."""
    sources = sources_of(repository)
    known = policies.read_policies(snapshot, [*sources, *map(misnamed, sources)])
    if len(known) < 2 * len(sources):
        return None
    if not all(is_trusted(document, deps, now) for document, _ in known.values()):
        return None
    own, shared = sources
    floor = _reading_or_misnamed(known, shared, repository, deps)
    if floor is None and deps.requires_floor:
        floor = UnavailablePolicy(f"{shown(shared, repository)} is required, and is not there")
    return choose(_reading_or_misnamed(known, own, repository, deps), floor, deps.server_policy)


def last_policy_of(
    snapshot: Snapshot, repository: Repository, deps: Deps, *, even_if_suspect: bool = False
) -> PolicyChoice | None:
    """Return the policy as it was read last, however long ago; None when there may be a newer one.

    With `even_if_suspect` that is no matter: None is only what was never read.

    Good for whom to call and when, which must not wait for GitHub; nothing is approved by it.
    """
    sources = sources_of(repository)
    known = policies.read_policies(snapshot, [*sources, *map(misnamed, sources)])
    if len(known) < 2 * len(sources):
        return None
    documents = [document for document, _ in known.values()]
    if any(it.read_at is None for it in documents):
        return None
    if not even_if_suspect and any(it.is_suspect for it in documents):
        return None
    own, floor = (_reading_or_misnamed(known, it, repository, deps) for it in sources)
    return choose(own, floor, deps.server_policy)


def alert_policy_of(snapshot: Snapshot, repository_id: RepositoryId, deps: Deps) -> AlertPolicy:
    """Return whom a repository calls and when, as its policy was read last; else the defaults."""
    repository = read_repository(snapshot, repository_id)
    choice = None
    if repository is not None:
        choice = last_policy_of(snapshot, repository, deps, even_if_suspect=True)
    reading = choice.reading if choice is not None else None
    return reading.policy.alerts if isinstance(reading, LoadedPolicy) else AlertPolicy()


def was_read(snapshot: Snapshot, repository: Repository) -> bool:
    """Return whether it was ever read which policy speaks for a repository."""
    sources = sources_of(repository)
    known = policies.read_policies(snapshot, [*sources, *map(misnamed, sources)])
    return len(known) == 2 * len(sources)


def is_trusted(document: PolicyDocument | None, deps: Deps, now: datetime) -> bool:
    """Return whether a document is still as it was read; one that seems to be gone is not."""
    return (
        document is not None
        and document.read_at is not None
        and not document.is_suspect
        and document.absent_since is None
        and document.read_at >= deps.continuity.since
        and now - document.read_at <= POLICY_TRUSTED
    )


def _reading_or_misnamed(
    known: Known, source: str, repository: Repository, deps: Deps
) -> PolicyReading | None:
    """Read a document's policy; a file at the wrong path is none, and may be what is meant."""
    wrong = misnamed(source)
    return _reading(*known[wrong], repository, deps) or _reading(*known[source], repository, deps)


def _reading(
    document: PolicyDocument, text: bytes | None, repository: Repository, deps: Deps
) -> PolicyReading | None:
    if document.digest is None:
        return None
    if text is None:
        return UnavailablePolicy("the text of the policy is not in the database")
    return deps.parse_policy(text, shown(document.source, repository))


def unreadable(error: GateError) -> UnavailablePolicy:
    """Return why no policy applies: without the document the gate cannot know which one does."""
    if error.reason == "permission_missing":
        return UnavailablePolicy("the App cannot read it: it needs the permission Contents: read")
    if error.reason in {"policy_hidden", "policy_missed"}:
        return UnavailablePolicy(error.detail)
    return UnavailablePolicy(f"cannot read it: {cause(error)}")
