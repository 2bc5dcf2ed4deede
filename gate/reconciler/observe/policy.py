"""Find the policy that speaks for a repository, from the documents that were read.

A document is trusted until a push to its default branch, for `POLICY_TRUSTED` at most, and never
longer than webhooks have been received without a gap. How one is read, and what is believed of it,
`gate.reconciler.observe.policy_documents` knows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RepositoryId
from gate.domain.model.policy.policy import LoadedPolicy, Policy, UnavailablePolicy
from gate.domain.model.policy.sources import PolicyChoice, choose
from gate.errors import GateError
from gate.reconciler.deps import Deps
from gate.reconciler.obstacles import cause
from gate.store.engine.database import Snapshot
from gate.store.github import policies
from gate.store.github.policies import PolicyDocument
from gate.store.github.repositories import read_repository
from gate.store.github.stored_policies import (
    choose_known,
    floor_of,
    misnamed,
    reading_of,
    sources_of,
)

POLICY_TRUSTED: Final = timedelta(minutes=10)


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
    own = reading_of(known, sources[0], repository, deps.parse_policy)
    floor = floor_of(known, repository, deps.parse_policy, is_required=deps.requires_floor)
    return choose(own, floor, deps.server_policy)


def last_policy_of(
    snapshot: Snapshot, repository: Repository, deps: Deps, *, even_if_suspect: bool = False
) -> PolicyChoice | None:
    """Return the policy as it was read last, however long ago; None when there may be a newer one.

    With `even_if_suspect` that is no matter: None is only what was never read.

    Good for whom to call and when, which must not wait for GitHub; nothing is approved by it. That
    the organization's policy is required, and is not there, silences no alert.
    """
    sources = sources_of(repository)
    known = policies.read_policies(snapshot, [*sources, *map(misnamed, sources)])
    if not even_if_suspect and any(document.is_suspect for document, _ in known.values()):
        return None
    return choose_known(
        known, repository, deps.parse_policy, deps.server_policy, requires_floor=False
    )


def policy_read_last(snapshot: Snapshot, repository_id: RepositoryId, deps: Deps) -> Policy | None:
    """Return a repository's policy as it was read last; None where there is no sound one."""
    repository = read_repository(snapshot, repository_id)
    choice = None
    if repository is not None:
        choice = last_policy_of(snapshot, repository, deps, even_if_suspect=True)
    reading = choice.reading if choice is not None else None
    return reading.policy if isinstance(reading, LoadedPolicy) else None


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


def unreadable(error: GateError) -> UnavailablePolicy:
    """Return why no policy applies: without the document the gate cannot know which one does."""
    if error.reason == "permission_missing":
        return UnavailablePolicy("the App cannot read it: it needs the permission Contents: read")
    if error.reason in {"policy_hidden", "policy_missed"}:
        return UnavailablePolicy(error.detail)
    return UnavailablePolicy(f"cannot read it: {cause(error)}")
