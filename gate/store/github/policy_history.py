"""Read how the policy of a repository changed, from the trail, newest first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import select

from gate.domain.model.ids import RepositoryId
from gate.store.engine.codec import decode_detail
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.github.policies import read_policy_text
from gate.store.github.policy_authors import PolicyAuthor, read_authors
from gate.store.github.stored_policies import repository_source

MOST_CHANGES: Final = 10
_MOST_ENTRIES: Final = 4 * MOST_CHANGES

_a: Final = audit_entries.c


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """When a repository's own policy was seen to change.

    `digest` is None where there was no file any more, or none at the first look; `text` is empty
    then, and where it is not kept. `before` is the text of the change before it. `author` is None
    where nobody was asked who made it.
    """

    at: datetime
    digest: str | None
    text: bytes
    before: bytes
    author: PolicyAuthor | None
    is_first: bool = False
    """Whether there was none before it."""


def read_policy_changes(snapshot: Snapshot, repository_id: RepositoryId) -> list[PolicyChange]:
    """Read the newest changes of a repository's own file, each with the text before it.

    The organization's file belongs to another repository, which not every reader may see.
    """
    source = repository_source(repository_id)
    query = (
        select(_a.at, _a.detail)
        .where(
            _a.repository_id == repository_id,
            _a.run_id.is_(None),
            _a.kind.in_(("policy.changed", "policy.removed")),
        )
        .order_by(_a.id.desc())
        .limit(_MOST_ENTRIES)
    )
    seen: list[tuple[datetime, str | None]] = []
    rows = snapshot.execute(query).all()
    for row in rows:
        detail = decode_detail(row.detail)
        if detail.get("source") == source:
            digest = detail.get("digest")
            seen.append((row.at, str(digest) if digest is not None else None))
    shown = [(at, digest, _text(snapshot, digest)) for at, digest in seen[: MOST_CHANGES + 1]]
    older = [*(text for _, _, text in shown[1:]), b""][: len(shown)]
    authors = {it.changed_at: it for it in read_authors(snapshot, source, MOST_CHANGES)}
    changes = [
        PolicyChange(at, digest, text, before, authors.get(at))
        for (at, digest, text), before in zip(shown, older, strict=True)
    ]
    if changes and len(changes) <= MOST_CHANGES and len(rows) < _MOST_ENTRIES:
        changes[-1] = replace(changes[-1], is_first=True)
    return changes[:MOST_CHANGES]


def _text(snapshot: Snapshot, digest: str | None) -> bytes:
    found = read_policy_text(snapshot, digest) if digest is not None else None
    return found or b""
