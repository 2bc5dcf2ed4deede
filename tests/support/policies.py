"""Record the documents that hold policies, without a GitHub that they come from."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from gate.domain.model.deliveries import Repository
from gate.domain.model.github import FileCommit
from gate.domain.model.ids import AccountId
from gate.domain.model.policy.sources import PolicyBasis, PolicyPlace
from gate.domain.model.runs import Account
from gate.policyfile import built_in_text
from gate.store.engine.database import Database
from gate.store.github.policies import PolicyDocument, record_document, record_policy_text
from gate.store.github.policy_authors import (
    WantedAuthor,
    record_author,
    rows,
    want_author,
    wanted_of,
)
from gate.store.github.stored_policies import misnamed, shown, sources_of
from tests.support.builders.defaults import NODE, NOW

SERVER: Final = "the built-in policy"


def record_policies(
    database: Database, repository: Repository, own: str | None, organization: str | None
) -> PolicyBasis:
    """Let a repository and its owner's `.github` hold these texts; return what a choice names."""
    own_source, organization_source = sources_of(repository)
    return PolicyBasis(
        _record(database, repository, own_source, own),
        _record(database, repository, organization_source, organization),
        PolicyPlace(SERVER, _keep(database, built_in_text())),
    )


def _record(
    database: Database, repository: Repository, source: str, text: str | None
) -> PolicyPlace | None:
    digest = _keep(database, text.encode()) if text is not None else None
    for name, held in ((source, digest), (misnamed(source), None)):
        document = PolicyDocument(name, repository.installation_id, held, None, NOW)
        database.transact(lambda tx, it=document: record_document(tx, it))  # type: ignore[misc]
    return PolicyPlace(shown(source, repository), digest) if digest is not None else None


def _keep(database: Database, text: bytes) -> str:
    digest = sha256(text).hexdigest()
    database.transact(lambda tx: record_policy_text(tx, digest, text))
    return digest


def record_author_of(database: Database, wanted: WantedAuthor, login: str | None) -> FileCommit:
    """Let GitHub say who made a change; without a login it knows only a name."""
    account = Account(AccountId(7), login) if login is not None else None
    page = f"https://github.example/{login}/commit/c0ffee"
    commit = FileCommit("c0ffee1234", page, NOW, account, f"The name of {login}")
    database.transact(lambda tx: want_author(tx, wanted))
    answer_author(database, wanted, commit)
    return commit


def answer_author(database: Database, wanted: WantedAuthor, commit: FileCommit | None) -> None:
    """Let GitHub answer who made a change that is wanted."""
    key, now = (wanted.source, wanted.changed_at), wanted.changed_at
    taken = database.transact(lambda tx: rows.take(tx, key, now, now, by=NODE))
    assert taken is not None
    assert wanted_of(taken.row) == wanted
    database.transact(lambda tx: record_author(tx, taken, commit))
