"""Append to the trail: what happened, for people who check it later.

An entry is written in the transaction that makes it true, at the end of its installation's chain.
Entries are never changed or deleted. `gate.store.audit.trail` reads them for those who check.
"""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import bindparam, insert, select, update

from gate.domain.audit.chain import FIRST, AuditEntry, ChainHead, canonical, chained
from gate.domain.audit.segments import Origin, begin_segment
from gate.domain.model.ids import InstallationId, RepositoryId, RunId
from gate.store.engine.codec import decode_detail
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.audit import audit_entries, audit_heads

__all__ = ["AuditEntry", "read_audit", "record_audit"]

_h: Final = audit_heads.c
_own: Final = _h.installation_id == bindparam("installation")
# The update locks the head until the transaction ends, so no two can follow the same entry.
_advance: Final = Prepared(
    update(audit_heads).where(_own).values(sequence=_h.sequence + 1).returning(_h.sequence, _h.hash)
)
_begin: Final = insert_or_ignore(audit_heads)
_insert: Final = Prepared(insert(audit_entries))
_settle: Final = Prepared(update(audit_heads).where(_own).values(hash=bindparam("new_hash")))


def record_audit(tx: Transaction, entry: AuditEntry) -> None:
    """Append an entry; the first of a chain follows one that says that nothing is known before.

    On PostgreSQL whoever else appends to the installation's chain waits until `tx` has ended, so
    `tx` should have taken its turn at that installation (`gate.store.engine.turns`) before anything
    else.
    """
    before = _move_head(tx, entry.installation_id)
    if before.sequence == 0:
        _append(tx, begin_segment(entry.installation_id, entry.at, Origin.NOTHING_KNOWN), before)
        before = _move_head(tx, entry.installation_id)
    _append(tx, entry, before)


def _move_head(tx: Transaction, installation_id: InstallationId) -> ChainHead:
    """Make room for one entry, and return the head that it follows."""
    installation = {"installation": installation_id}
    head = _advance.first(tx, installation)
    if head is None:
        values = {"installation_id": installation_id, "sequence": 0, "hash": FIRST}
        _begin.change(tx, values)
        head = _advance.first(tx, installation)
    return ChainHead(installation_id, head.sequence - 1, head.hash)


def _append(tx: Transaction, entry: AuditEntry, before: ChainHead) -> None:
    detail = msgspec.to_builtins(entry.detail)
    fields = chained(entry, detail, before)
    _insert.change(tx, {**fields, "at": entry.at, "detail": canonical(detail)})
    _settle.change(tx, {"installation": entry.installation_id, "new_hash": fields["hash"]})


def read_audit(snapshot: Snapshot, repository_id: RepositoryId, run_id: RunId) -> list[AuditEntry]:
    """Read the entries about a run, oldest first."""
    rows = snapshot.execute(
        select(audit_entries)
        .where(audit_entries.c.repository_id == repository_id, audit_entries.c.run_id == run_id)
        .order_by(audit_entries.c.id)
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
