"""Find the policy that speaks for a repository, and keep what was read of it current.

A document is trusted until a push to its default branch, for `POLICY_TRUSTED` at most, and never
longer than webhooks have been received without a gap. It is always read from the default branch,
never from the commit that is being deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, assert_never

from gate.domain.deliveries import Repository
from gate.domain.github import FileAbsent, FileFound, FileReading, FileUnchanged
from gate.domain.ids import AccountId, RepositoryId
from gate.domain.policy import PolicyReading, UnavailablePolicy
from gate.domain.policy_sources import PolicyChoice, choose
from gate.errors import GateError
from gate.reconciler.deps import Deps
from gate.reconciler.places import place_of
from gate.store import policies
from gate.store.audit import AuditEntry, record_audit
from gate.store.database import Snapshot, Transaction
from gate.store.policies import PolicyDocument

POLICY_PATH: Final = ".github/deployment-gate.yml"
POLICY_TRUSTED: Final = timedelta(minutes=10)

ReadFile = Callable[[str | None], FileReading]


def repository_source(repository_id: RepositoryId) -> str:
    """Name the document in a repository."""
    return f"repository:{repository_id}"


def organization_source(owner_id: AccountId) -> str:
    """Name the document in an owner's `.github` repository."""
    return f"organization:{owner_id}"


IsTrusted = Callable[[PolicyDocument], bool]


def policy_of(
    snapshot: Snapshot, repository: Repository, deps: Deps, now: datetime
) -> PolicyChoice | None:
    """Give the policy from what is stored; None when a document must be read first."""
    return _policy_of(snapshot, repository, deps, lambda it: _is_trusted(it, deps, now))


def last_policy_of(snapshot: Snapshot, repository: Repository, deps: Deps) -> PolicyChoice | None:
    """Give the policy as it was read last, however long ago; None when there is newer one.

    Good for whom to call and when, which must not wait for GitHub; nothing is approved by it.
    """
    return _policy_of(snapshot, repository, deps, lambda it: not it.suspect)


def _policy_of(
    snapshot: Snapshot, repository: Repository, deps: Deps, is_trusted: IsTrusted
) -> PolicyChoice | None:
    sources = repository_source(repository.id), organization_source(repository.owner.id)
    known = policies.read_policies(snapshot, sources)
    readings = []
    for source in sources:
        document, text = known.get(source, (None, None))
        if document is None or not is_trusted(document):
            return None
        readings.append(_reading(document, text, repository, deps))
    own, shared = readings
    return choose(own, shared, deps.server_policy)


def _is_trusted(document: PolicyDocument | None, deps: Deps, now: datetime) -> bool:
    return (
        document is not None
        and not document.suspect
        and document.read_at >= deps.continuity.since
        and now - document.read_at <= POLICY_TRUSTED
    )


def _reading(
    document: PolicyDocument, text: bytes | None, repository: Repository, deps: Deps
) -> PolicyReading | None:
    if document.digest is None:
        return None
    if text is None:
        return UnavailablePolicy("the text of the policy is not in the database")
    return deps.parse_policy(text, _shown(document.source, repository))


def _shown(source: str, repository: Repository) -> str:
    """Name a document as a person finds it."""
    if source == repository_source(repository.id):
        return f"{repository.full_name}/{POLICY_PATH}"
    return f"{repository.owner.login}/.github/{POLICY_PATH}"


def observe_policy(repository: Repository, deps: Deps, now: datetime) -> None:
    """Read from GitHub whichever policy document is not trusted any more.

    Raises RetryLater or Refused when GitHub would not show one.
    """
    place = place_of(repository)
    own = repository_source(repository.id)
    shared = organization_source(repository.owner.id)
    _refresh(
        own, repository, deps, now, lambda etag: deps.github.read_file(place, POLICY_PATH, etag)
    )
    _refresh(
        shared,
        repository,
        deps,
        now,
        lambda etag: deps.github.read_organization_file(
            repository.installation_id, repository.owner.login, POLICY_PATH, etag
        ),
    )


def unreadable(error: GateError) -> UnavailablePolicy:
    """Say why no policy can be relied on: without the document nobody knows which one speaks."""
    if error.reason == "permission_missing":
        return UnavailablePolicy("the App may not read it: it needs the permission Contents: read")
    return UnavailablePolicy(f"GitHub did not show it ({error.reason})")


def _refresh(
    source: str, repository: Repository, deps: Deps, now: datetime, read: ReadFile
) -> None:
    """Read one document again, unless it is trusted; record what it says now."""
    known = deps.database.read(lambda snapshot: policies.read_document(snapshot, source))
    if _is_trusted(known, deps, now):
        return
    reading = read(known.etag if known is not None else None)

    digest, etag = _told(known, reading)
    document = PolicyDocument(source, repository.installation_id, digest, etag, read_at=now)

    def record(tx: Transaction) -> None:
        if isinstance(reading, FileFound) and digest is not None:
            policies.record_policy_text(tx, digest, reading.content)
        policies.record_document(tx, document)
        if known is None or known.digest != digest:
            record_audit(tx, _changed(repository, document, now))

    deps.database.transact(record)


def _told(known: PolicyDocument | None, reading: FileReading) -> tuple[str | None, str | None]:
    """Give digest and ETag of what a place holds now; without a digest it holds no policy."""
    match reading:
        case FileFound(content, etag):
            return sha256(content).hexdigest(), etag
        case FileUnchanged() if known is not None:
            return known.digest, known.etag
        case FileUnchanged() | FileAbsent():
            return None, None
        case _:
            assert_never(reading)


def _changed(repository: Repository, document: PolicyDocument, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        installation_id=repository.installation_id,
        repository_id=repository.id,
        run_id=None,
        run_attempt=None,
        environment=None,
        kind="policy.changed",
        actor="gate",
        reason=None,
        detail={"source": document.source, "digest": document.digest},
    )
