"""Read policy documents from GitHub, always from the default branch, and record what they say.

What is recorded is what was seen by a reading that began after all news of the document. A policy
that was there is believed gone only when it was missed twice in a repository that can be read: a
single 404 must not lift a rule. See docs/adr/0017-absence-is-seen-twice.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Final, assert_never

from gate.clock import Clock
from gate.domain.evidence.absence import CONFIRMED_AFTER, is_believed
from gate.domain.model.deliveries import Repository
from gate.domain.model.github import (
    FileAbsent,
    FileFound,
    FileHidden,
    FileQuestion,
    FileReading,
    FileUnchanged,
)
from gate.domain.model.ids import InstallationId, RepositoryId
from gate.domain.model.policy.policy import LoadedPolicy
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.observe.policy import is_trusted
from gate.reconciler.trail import repository_entry
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.engine.database import Database, Transaction
from gate.store.engine.turns import take_turn, take_turn_of_repository
from gate.store.github import policies
from gate.store.github.policies import PolicyDocument
from gate.store.github.policy_authors import WantedAuthor, want_author
from gate.store.github.stored_policies import (
    is_misnamed,
    misnamed,
    organization_source,
    path_of,
    repository_source,
    shown,
)
from gate.store.incidents import checks

ReadFile = Callable[[FileQuestion], FileReading]

_SERVER: Final = "server"
"""The place of the server's own policy, which belongs to no installation."""

log = get_logger(__name__)


def observe_policy(repository: Repository, deps: Deps, now: datetime) -> None:
    """Read from GitHub whichever policy document is not trusted any more.

    Raises RetryLater or Refused when GitHub would not show one, or one that was there is missed.
    """
    address = repository.address
    own = repository_source(repository.id)
    shared = organization_source(repository.owner.id)

    def read_own(question: FileQuestion) -> FileReading:
        return deps.github.contents.read_file(address, question)

    def read_shared(question: FileQuestion) -> FileReading:
        return deps.github.contents.read_organization_file(
            repository.installation_id, repository.owner, question
        )

    for source, read in ((own, read_own), (shared, read_shared)):
        for name in (source, misnamed(source)):
            _refresh(name, repository, deps, now, read)


def record_server_policy(
    policy: LoadedPolicy, text: bytes, database: Database, clock: Clock
) -> None:
    """Record the policy that this server brings for repositories that have none.

    When it differs from that of the last start, the incidents of all repositories are looked at: it
    may gate one more environment. They are marked first, should the process die in between.
    """
    known = database.read(lambda snapshot: policies.read_document(snapshot, _SERVER))
    if known is None or known.digest != policy.digest:
        for repository_id in database.read(checks.known_checks):
            database.transact(partial(_mark_in_turn, repository_id, clock()))
    document = PolicyDocument(_SERVER, InstallationId(0), policy.digest, None, read_at=clock())

    def record(tx: Transaction) -> None:
        # A decision may rest on it, and is derived again from the texts in the database.
        policies.record_policy_text(tx, policy.digest, text)
        policies.record_document(tx, document)

    database.transact(record)


def _mark_in_turn(repository_id: RepositoryId, now: datetime, tx: Transaction) -> None:
    take_turn_of_repository(tx, repository_id)
    checks.mark_check(tx, repository_id, now)


def _refresh(
    source: str, repository: Repository, deps: Deps, now: datetime, read: ReadFile
) -> None:
    """Read one document again, unless it is trusted; record what it says now."""
    stored = deps.database.read(lambda snapshot: policies.read_document(snapshot, source))
    if is_trusted(stored, deps, now):
        return
    known = stored or PolicyDocument(source, repository.installation_id, None, None, read_at=None)
    reading = read(_question(known))
    seen = replace(
        _seen(known, reading, repository, now),
        installation_id=repository.installation_id,
        read_at=now,
        read_news=known.news,
    )
    content = reading.content if isinstance(reading, FileFound) else None

    def record(tx: Transaction) -> None:
        take_turn(tx, repository.installation_id)
        if content is not None and seen.digest is not None:
            policies.record_policy_text(tx, seen.digest, content)
        kind = _news(known, seen) if policies.record_document(tx, seen) else None
        if kind is not None:
            record_audit(tx, _entry(kind, repository, seen, now))
            _mark_concerned(tx, seen, repository, now)
        if kind is not None and _has_author(known, seen):
            want_author(tx, WantedAuthor(source, now, repository.id))

    deps.database.transact(record)
    if seen.absent_since is not None:
        log.warning("policy.missed", source=source)
        missed = f"{shown(source, repository)} is missing, but was there before"
        after = seen.absent_since + CONFIRMED_AFTER - now
        raise RetryLater("policy_missed", f"{missed}; the gate checks again", after=after)


def _question(known: PolicyDocument) -> FileQuestion:
    """Return what to ask; that nothing stands at the wrong path is what everybody expects."""
    is_known = known.read_at is not None or is_misnamed(known.source)
    expects_absence = is_known and known.digest is None
    return FileQuestion(path_of(known.source), known.etag, expects_absence)


def _seen(
    known: PolicyDocument, reading: FileReading, repository: Repository, now: datetime
) -> PolicyDocument:
    """Return what is believed of a document after a reading.

    Raises Refused when its repository cannot be seen, unless it is an organization's of which no
    policy is known: most have none, and GitHub does not say which.
    """
    gone = replace(known, digest=None, etag=None, absent_since=None)
    match reading:
        case FileFound(content, etag):
            digest = sha256(content).hexdigest()
            return replace(known, digest=digest, etag=etag, absent_since=None)
        case FileUnchanged():
            return replace(known, absent_since=None)
        case FileAbsent():
            if known.digest is None or is_believed(known.absent_since, now):
                return gone
            return replace(known, absent_since=known.absent_since or now)
        case FileHidden(detail):
            if _is_own(known, repository) or known.digest is not None:
                raise Refused("policy_hidden", _hidden(known, detail, repository))
            return gone
        case _:
            assert_never(reading)


def _is_own(known: PolicyDocument, repository: Repository) -> bool:
    own = repository_source(repository.id)
    return known.source in {own, misnamed(own)}


def _hidden(known: PolicyDocument, detail: str, repository: Repository) -> str:
    """Return what to do about a document whose repository cannot be seen."""
    if _is_own(known, repository):
        return detail
    return (
        f"{detail}, where the organization's policy was read before: give the App access to it;"
        " if there is no such policy any more, keep the repository without the file"
    )


def _news(known: PolicyDocument, seen: PolicyDocument) -> str | None:
    """Name what the trail tells of a reading; None for nothing.

    Nothing at the wrong path is nothing to tell; that a place of policies has none is.
    """
    if known.digest is not None and seen.digest is None:
        return "policy.removed"
    is_first = known.read_at is None and not is_misnamed(known.source)
    return "policy.changed" if is_first or known.digest != seen.digest else None


def _has_author(known: PolicyDocument, seen: PolicyDocument) -> bool:
    """Return whether somebody made a change: nobody did where there never was a file.

    Nor does anything show who left a file at the wrong path.
    """
    was_ever = known.digest is not None or seen.digest is not None
    return was_ever and not is_misnamed(seen.source)


def _mark_concerned(
    tx: Transaction, document: PolicyDocument, repository: Repository, now: datetime
) -> None:
    """Have the incidents looked at of all repositories for which a document speaks."""
    if _is_own(document, repository):
        checks.mark_check(tx, repository.id, now)
    else:
        checks.mark_checks_of_owner(tx, repository.owner.id, now)


def _entry(
    kind: str, repository: Repository, document: PolicyDocument, now: datetime
) -> AuditEntry:
    detail = {"source": document.source, "digest": document.digest}
    return repository_entry(repository, kind, now, detail=detail)
