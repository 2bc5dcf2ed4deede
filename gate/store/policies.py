"""Keep the policy texts that were ever read, by digest, and where the current ones stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, bindparam, false, or_, select, update

from gate.domain.ids import InstallationId
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import policy_documents, policy_texts
from gate.store.upsert import insert_or_ignore, insert_or_update


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A place that may hold a policy, as it was last read.

    `digest` None means that it was read and holds none. A `suspect` one may have changed since.
    """

    source: str
    installation_id: InstallationId
    digest: str | None
    etag: str | None
    read_at: datetime
    suspect: bool = False


_read: Final = Prepared(
    select(policy_documents).where(policy_documents.c.source == bindparam("source"))
)
_read_text: Final = Prepared(
    select(policy_texts.c.text).where(policy_texts.c.digest == bindparam("wanted"))
)
_replace: Final = insert_or_update(policy_documents)
_insert_text: Final = insert_or_ignore(policy_texts)
_distrust: Final = Prepared(
    update(policy_documents)
    .where(policy_documents.c.source == bindparam("place"))
    .values(suspect=True)
)


def read_document(snapshot: Snapshot, source: str) -> PolicyDocument | None:
    """Read what is known of a place; None when it was never read."""
    row = _read.first(snapshot, {"source": source})
    return _document(row) if row is not None else None


def read_policies(
    snapshot: Snapshot, sources: Sequence[str]
) -> Mapping[str, tuple[PolicyDocument, bytes | None]]:
    """Read what is known of some places, each with its text where it holds one."""
    names = {f"source_{number}": source for number, source in enumerate(sources)}
    rows = _read_with_text(len(names)).rows(snapshot, names)
    return {row.source: (_document(row), row.text) for row in rows}


@cache
def _read_with_text(count: int) -> Prepared:
    """Make the statement for a number of places: it is a part of its text."""
    wanted = (policy_documents.c.source == bindparam(f"source_{it}") for it in range(count))
    return Prepared(
        select(policy_documents, policy_texts.c.text)
        .outerjoin(policy_texts, policy_texts.c.digest == policy_documents.c.digest)
        .where(or_(false(), *wanted))
    )


def _document(row: Row[Any]) -> PolicyDocument:
    return PolicyDocument(
        source=row.source,
        installation_id=InstallationId(row.installation_id),
        digest=row.digest,
        etag=row.etag,
        read_at=row.read_at,
        suspect=row.suspect,
    )


def record_document(tx: Transaction, document: PolicyDocument) -> None:
    """Note what a place holds now."""
    values = {
        "source": document.source,
        "installation_id": document.installation_id,
        "digest": document.digest,
        "etag": document.etag,
        "read_at": document.read_at,
        "suspect": document.suspect,
    }
    _replace.change(tx, values)


def record_suspect(tx: Transaction, source: str) -> None:
    """Note that a place may have changed; one that was never read is read anyway."""
    _distrust.change(tx, {"place": source})


def record_policy_text(tx: Transaction, digest: str, content: bytes) -> None:
    """Keep a policy's text; the record of a decision refers to it by digest."""
    _insert_text.change(tx, {"digest": digest, "text": content})


def read_policy_text(snapshot: Snapshot, digest: str) -> bytes | None:
    """Read a policy's text; None when it was never kept."""
    row = _read_text.first(snapshot, {"wanted": digest})
    if row is None:
        return None
    # SQLite keeps what it is given: somebody else may have put text where bytes belong.
    return row.text.encode() if isinstance(row.text, str) else bytes(row.text)
