"""Store the policy texts that were ever read, by digest, and where the current ones stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, false, or_, select, update

from gate.domain.model.ids import InstallationId
from gate.domain.model.policy.policy import PolicyReading, UnavailablePolicy
from gate.domain.model.policy.sources import PolicyBasis, PolicyPlace, choose_again
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.github import policy_documents, policy_texts


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A place that may hold a policy, as it was last read; `read_at` None means never.

    `read_at` is from before GitHub was asked. `digest` None means that it was read and holds none.
    `news` counts what may have changed it, and `read_news` what of that came before it was read.
    `absent_since` is set while a policy that was there seems to be gone: when that was seen first.
    """

    source: str
    installation_id: InstallationId
    digest: str | None
    etag: str | None
    read_at: datetime | None
    news: int = 0
    read_news: int = 0
    absent_since: datetime | None = None

    @property
    def is_suspect(self) -> bool:
        """Return whether the place may have changed since the last reading began."""
        return self.news != self.read_news


_read: Final = Prepared(
    select(policy_documents).where(policy_documents.c.source == bindparam("source"))
)
_read_text: Final = Prepared(
    select(policy_texts.c.text).where(policy_texts.c.digest == bindparam("wanted"))
)
_insert: Final = insert_or_ignore(policy_documents)
_insert_text: Final = insert_or_ignore(policy_texts)
_d: Final = policy_documents.c
_replace: Final = Prepared(
    update(policy_documents)
    .where(
        _d.source == bindparam("place"),
        # A reading that began later has the last word, whichever is recorded last.
        or_(
            _d.read_at.is_(None),
            _d.read_news < bindparam("new_read_news"),
            and_(
                _d.read_news == bindparam("new_read_news"), _d.read_at <= bindparam("new_read_at")
            ),
        ),
    )
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "installation_id",
                "digest",
                "etag",
                "read_at",
                "read_news",
                "absent_since",
            )
        }
    )
)
_distrust: Final = Prepared(
    update(policy_documents).where(_d.source == bindparam("place")).values(news=_d.news + 1)
)
_distrust_found: Final = Prepared(
    update(policy_documents)
    .where(_d.source == bindparam("place"), _d.digest.is_not(None))
    .values(news=_d.news + 1)
)


def read_document(snapshot: Snapshot, source: str) -> PolicyDocument | None:
    """Read what is known of a place; None when it was never read."""
    row = _read.first(snapshot, {"source": source})
    return document_of(row) if row is not None else None


def read_policies(
    snapshot: Snapshot, sources: Sequence[str]
) -> Mapping[str, tuple[PolicyDocument, bytes | None]]:
    """Read what is known of some places, each with its text where it holds one."""
    names = {f"source_{number}": source for number, source in enumerate(sources)}
    rows = _read_with_text(len(names)).rows(snapshot, names)
    return {row.source: (document_of(row), row.text) for row in rows}


@cache
def _read_with_text(count: int) -> Prepared:
    """Make the statement for a number of places: it is a part of its text."""
    wanted = (policy_documents.c.source == bindparam(f"source_{it}") for it in range(count))
    return Prepared(
        select(policy_documents, policy_texts.c.text)
        .outerjoin(policy_texts, policy_texts.c.digest == policy_documents.c.digest)
        .where(or_(false(), *wanted))
    )


def document_of(row: Row[Any]) -> PolicyDocument:
    """Build the document that a row keeps."""
    return PolicyDocument(
        source=row.source,
        installation_id=InstallationId(row.installation_id),
        digest=row.digest,
        etag=row.etag,
        read_at=row.read_at,
        news=row.news,
        read_news=row.read_news,
        absent_since=row.absent_since,
    )


def record_document(tx: Transaction, document: PolicyDocument) -> bool:
    """Note what a place holds now; say whether it was the newest reading of it.

    What came in while it was read stays news: such a place is suspect still.
    """
    values = {
        "source": document.source,
        "installation_id": document.installation_id,
        "digest": document.digest,
        "etag": document.etag,
        "read_at": document.read_at,
        "news": document.news,
        "read_news": document.read_news,
        "absent_since": document.absent_since,
    }
    if _insert.change(tx, values) == 1:
        return True
    changes = {f"new_{name}": value for name, value in values.items()}
    return _replace.change(tx, changes | {"place": document.source}) == 1


def record_suspect(tx: Transaction, source: str, installation_id: InstallationId) -> None:
    """Note that a place may have changed, even one that was never read: it may be just now."""
    values = {
        "source": source,
        "installation_id": installation_id,
        "digest": None,
        "etag": None,
        "read_at": None,
        "news": 1,
        "read_news": 0,
        "absent_since": None,
    }
    if _insert.change(tx, values) == 0:
        _distrust.change(tx, {"place": source})


def record_suspect_file(tx: Transaction, source: str) -> None:
    """Note that a file that was found at a place may have changed; its absence stays trusted."""
    _distrust_found.change(tx, {"place": source})


def record_policy_text(tx: Transaction, digest: str, content: bytes) -> None:
    """Store a policy's text; the record of a decision refers to it by digest."""
    _insert_text.change(tx, {"digest": digest, "text": content})


def read_policy_text(snapshot: Snapshot, digest: str) -> bytes | None:
    """Read a policy's text; None when it was never kept."""
    row = _read_text.first(snapshot, {"wanted": digest})
    if row is None:
        return None
    # SQLite keeps what it is given: somebody else may have put text where bytes belong.
    return row.text.encode() if isinstance(row.text, str) else bytes(row.text)


class PolicyTextMissing(LookupError):
    """A policy's text that a record refers to and the database does not have as it was."""


def read_policy_again(
    snapshot: Snapshot, basis: PolicyBasis, parse: Callable[[bytes, str], PolicyReading]
) -> PolicyReading:
    """Choose the policy of a recorded decision again, from the texts that it was chosen from.

    Raises PolicyTextMissing where one of them is not kept, or was changed.
    """
    return choose_again(basis, lambda place: _read_place(snapshot, place, parse))


def _read_place(
    snapshot: Snapshot, place: PolicyPlace, parse: Callable[[bytes, str], PolicyReading]
) -> PolicyReading:
    if place.unavailable is not None:
        return UnavailablePolicy(place.unavailable)
    named = f"the policy of {place.source!r} ({place.digest[:12]})"
    text = read_policy_text(snapshot, place.digest)
    if text is None:
        raise PolicyTextMissing(f"{named} is not kept")
    if sha256(text).hexdigest() != place.digest:
        raise PolicyTextMissing(f"{named} was changed: its text is not the one that was read")
    return parse(text, place.source)
