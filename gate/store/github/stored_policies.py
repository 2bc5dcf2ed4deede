"""Choose the policy of repositories from the documents that were read of them.

Four documents may speak for a repository: its own and its owner's, and beside each the one at the
wrong path, which is no policy, and may be what is meant. Whether a document may still be relied on,
`gate.reconciler.observe.policy` knows; pages show what was read last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Executable, Text, and_, select

from gate.domain.model.access import Visible
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import AccountId, RepositoryId
from gate.domain.model.policy.policy import (
    MISNAMED_PATH,
    POLICY_PATH,
    PolicyReading,
    UnavailablePolicy,
)
from gate.domain.model.policy.sources import PolicyChoice, choose
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.given import given, given_table
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.github import policy_documents, policy_texts
from gate.store.github.policies import PolicyDocument, document_of

_OWN: Final = "repository"
_MISNAMED: Final = "misnamed:"
_AT_ONCE: Final = 5_000

Known = Mapping[str, tuple[PolicyDocument, bytes | None]]
"""The documents that were ever read, by place, each with its text where it holds one."""

ParsePolicy = Callable[[bytes, str], PolicyReading]
"""Reads a policy from the bytes of its file and the name by which people find it."""


def repository_source(repository_id: RepositoryId) -> str:
    """Name the document in a repository."""
    return f"{_OWN}:{repository_id}"


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


def read_known(snapshot: Snapshot, repositories: Iterable[Repository]) -> Known:
    """Read what is known of all documents that may speak for some repositories."""
    names = {name for it in repositories for source in sources_of(it) for name in _both(source)}
    wanted = sorted(names)
    known: dict[str, tuple[PolicyDocument, bytes | None]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = (
            select(policy_documents, policy_texts.c.text)
            .outerjoin(policy_texts, policy_texts.c.digest == policy_documents.c.digest)
            .where(policy_documents.c.source.in_(wanted[start : start + _AT_ONCE]))
        )
        for row in snapshot.execute(query):
            known[row.source] = (document_of(row), row.text)
    return known


def repositories_looked_up(snapshot: Snapshot, visible: Visible) -> list[RepositoryId]:
    """List the repositories of which it was ever read which policy speaks for them."""
    if visible.repositories is None:
        rows = _ALL_READ.rows(snapshot, {})
    else:
        own = ((repository_source(it),) for it in visible.repositories)
        rows = _READ.rows(snapshot, given(own))
    return [RepositoryId(int(row.source.removeprefix(f"{_OWN}:"))) for row in rows]


_d: Final = policy_documents.c
_ALL_READ: Final = Prepared(
    select(_d.source).where(
        _d.read_at.is_not(None), _d.source >= f"{_OWN}:", _d.source < f"{_OWN};"
    )
)


def _read_of_given(dialect: str) -> Executable:
    wanted = given_table(dialect, {"place": Text})
    own = and_(_d.source == wanted.c.place, _d.read_at.is_not(None))
    return select(_d.source).join_from(wanted, policy_documents, own)


_READ: Final = Prepared(_read_of_given)


def reading_of(
    known: Known, source: str, repository: Repository, parse: ParsePolicy
) -> PolicyReading | None:
    """Read a document's policy; a file at the wrong path is none, and may be what is meant."""
    for name in _both(source)[::-1]:
        document, text = known[name]
        if document.digest is None:
            continue
        if text is None:
            return UnavailablePolicy("the text of the policy is not in the database")
        return parse(text, shown(name, repository))
    return None


def choose_known(
    known: Known,
    repository: Repository,
    parse: ParsePolicy,
    server: PolicyReading,
    *,
    requires_floor: bool,
) -> PolicyChoice | None:
    """Choose the policy as it was read last, however long ago; None while one was never read."""
    sources = sources_of(repository)
    documents = [known.get(name) for source in sources for name in _both(source)]
    if any(it is None or it[0].read_at is None for it in documents):
        return None
    own = reading_of(known, sources[0], repository, parse)
    floor = floor_of(known, repository, parse, is_required=requires_floor)
    return choose(own, floor, server)


def floor_of(
    known: Known, repository: Repository, parse: ParsePolicy, *, is_required: bool
) -> PolicyReading | None:
    """Read the organization's policy; one that is required and not there is unavailable."""
    _, shared = sources_of(repository)
    floor = reading_of(known, shared, repository, parse)
    if floor is None and is_required:
        return UnavailablePolicy(f"{shown(shared, repository)} is required, and is not there")
    return floor


def _both(source: str) -> Sequence[str]:
    return source, misnamed(source)
