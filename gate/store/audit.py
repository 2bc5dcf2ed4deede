"""Append to the trail: what happened, for people who check it later.

An entry is written in the transaction that makes it true. Entries are never changed or deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select

from gate.domain.ids import InstallationId, RepositoryId, RunId
from gate.store.codec import decode_detail, encode_text
from gate.store.database import Snapshot, Transaction
from gate.store.prepared import Prepared
from gate.store.tables import audit_entries


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that happened; `kind` is a `noun.verbed` that does not change its meaning."""

    at: datetime
    installation_id: InstallationId
    repository_id: RepositoryId | None
    run_id: RunId | None
    run_attempt: int | None
    environment: str | None
    kind: str
    actor: str
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


_insert = Prepared(insert(audit_entries))


def record_audit(tx: Transaction, entry: AuditEntry) -> None:
    """Append an entry."""
    _insert.change(
        tx,
        {
            "at": entry.at,
            "installation_id": entry.installation_id,
            "repository_id": entry.repository_id,
            "run_id": entry.run_id,
            "run_attempt": entry.run_attempt,
            "environment": entry.environment,
            "kind": entry.kind,
            "actor": entry.actor,
            "reason": entry.reason,
            "detail": encode_text(entry.detail),
        },
    )


def read_audit(snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId) -> list[AuditEntry]:
    """Read the entries about a run, oldest first."""
    rows = snapshot.execute(
        select(audit_entries)
        .where(audit_entries.c.repository_id == repository_id, audit_entries.c.run_id == run_id)
        .order_by(audit_entries.c.sequence)
    )
    return [
        AuditEntry(
            at=row.at,
            installation_id=InstallationId(row.installation_id),
            repository_id=RepositoryId(row.repository_id),
            run_id=RunId(row.run_id),
            run_attempt=row.run_attempt,
            environment=row.environment,
            kind=row.kind,
            actor=row.actor,
            reason=row.reason,
            detail=decode_detail(row.detail),
        )
        for row in rows
    ]
