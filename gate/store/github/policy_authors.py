"""Store who made each recorded change of a policy, or that GitHub is still to be asked.

A change is known by its document and the time at which the trail has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, exists, select

from gate.domain.model.github import FileCommit
from gate.domain.model.hints import Work
from gate.domain.model.ids import AccountId, RepositoryId
from gate.domain.model.runs import Account
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import FRESH, DueTable, Taken
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.github import policy_authors

_t: Final = policy_authors.c
_insert: Final = insert_or_ignore(policy_authors)
_newest: Final = (
    select(policy_authors)
    .where(_t.source == bindparam("wanted_source"))
    .order_by(_t.changed_at.desc())
    .limit(bindparam("most"))
)
rows: Final = DueTable(policy_authors, Work.AUTHORS)


@dataclass(frozen=True, slots=True)
class WantedAuthor:
    """A change of a policy whose author is asked for.

    `repository_id` is the repository for which the document was read.
    """

    source: str
    changed_at: datetime
    repository_id: RepositoryId


@dataclass(frozen=True, slots=True)
class PolicyAuthor:
    """What is known of who made a change; `commit` None is unknown for good, unless `is_asked`."""

    changed_at: datetime
    commit: FileCommit | None
    is_asked: bool


def want_author(tx: Transaction, wanted: WantedAuthor) -> None:
    """Have GitHub asked, once, who made a change that is recorded just now."""
    values = {
        "source": wanted.source,
        "changed_at": wanted.changed_at,
        "repository_id": wanted.repository_id,
        "due_at": wanted.changed_at,
    }
    _insert.change(tx, {**_of_commit(None), **values, **FRESH})
    rows.note_due(tx, wanted.source, wanted.changed_at)


def wanted_of(row: Row[Any]) -> WantedAuthor:
    """Build what a row asks for."""
    return WantedAuthor(row.source, row.changed_at, RepositoryId(row.repository_id))


def record_author(tx: Transaction, taken: Taken, commit: FileCommit | None) -> None:
    """Record who made a change, None where it stays unknown; nobody asks again."""
    rows.settle(tx, taken, **_of_commit(commit))


def read_authors(snapshot: Snapshot, source: str, most: int) -> list[PolicyAuthor]:
    """Read who made the newest changes of a document, the newest first."""
    found = snapshot.execute(_newest, {"wanted_source": source, "most": most})
    return [PolicyAuthor(row.changed_at, _commit_of(row), row.due_at is not None) for row in found]


def is_changed_since(snapshot: Snapshot, wanted: WantedAuthor) -> bool:
    """Return whether a newer change of the document is on record."""
    newer = _t.source == wanted.source, _t.changed_at > wanted.changed_at
    return bool(snapshot.execute(select(exists().where(*newer))).scalar())


def is_of_another_change(snapshot: Snapshot, wanted: WantedAuthor, sha: str) -> bool:
    """Return whether a commit is on record for another change of the document."""
    other = _t.source == wanted.source, _t.changed_at != wanted.changed_at, _t.commit_sha == sha
    return bool(snapshot.execute(select(exists().where(*other))).scalar())


def _of_commit(commit: FileCommit | None) -> dict[str, Any]:
    author = commit.author if commit is not None else None
    return {
        "commit_sha": commit.sha if commit is not None else None,
        "commit_url": commit.url if commit is not None else None,
        "committed_at": commit.committed_at if commit is not None else None,
        "author_id": author.id if author is not None else None,
        "author_login": author.login if author is not None else None,
        "author_name": commit.name if commit is not None else None,
    }


def _commit_of(row: Row[Any]) -> FileCommit | None:
    if row.commit_sha is None:
        return None
    known = row.author_id is not None
    author = Account(AccountId(row.author_id), row.author_login) if known else None
    name = row.author_name
    return FileCommit(row.commit_sha, row.commit_url, row.committed_at, author, name)
