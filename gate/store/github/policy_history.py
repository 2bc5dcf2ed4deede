"""Read how the policy of a repository changed, from the trail, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import Final

from sqlalchemy import select

from gate.domain.model.ids import RepositoryId
from gate.store.engine.codec import decode_detail
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.github.policies import read_policy_text
from gate.store.github.stored_policies import repository_source

MOST_CHANGES: Final = 10
_MOST_LINES: Final = 400

_a: Final = audit_entries.c


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """When a repository's own policy was seen to change; `digest` is None where it was removed."""

    at: datetime
    digest: str | None
    diff: tuple[str, ...]


def read_policy_changes(snapshot: Snapshot, repository_id: RepositoryId) -> list[PolicyChange]:
    """Read the newest changes of a repository's own file, each with what it changed.

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
        .limit(4 * MOST_CHANGES)
    )
    seen: list[tuple[datetime, str | None]] = []
    for row in snapshot.execute(query):
        detail = decode_detail(row.detail)
        if detail.get("source") == source:
            digest = detail.get("digest")
            seen.append((row.at, str(digest) if digest is not None else None))
    older = [*(digest for _, digest in seen[1:]), None][: len(seen)]
    return [
        PolicyChange(at, digest, _diff(_text(snapshot, before), _text(snapshot, digest)))
        for (at, digest), before in list(zip(seen, older, strict=True))[:MOST_CHANGES]
    ]


def _text(snapshot: Snapshot, digest: str | None) -> str:
    found = read_policy_text(snapshot, digest) if digest is not None else None
    return found.decode(errors="replace") if found is not None else ""


def _diff(before: str, after: str) -> tuple[str, ...]:
    lines = unified_diff(before.splitlines(), after.splitlines(), "before", "after", lineterm="")
    return tuple(lines)[:_MOST_LINES]
