"""Store signed checkpoints of the chains of the trail."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select

from gate.domain.audit.chain import ChainHead, Checkpoint
from gate.domain.model.ids import InstallationId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.audit import audit_checkpoints, audit_heads

_insert: Final = insert_or_ignore(audit_checkpoints)


def heads_to_sign(snapshot: Snapshot, *, last_before: datetime) -> list[ChainHead]:
    """List the heads that moved since their last checkpoint, if that was before `last_before`."""
    t = audit_checkpoints.c
    newest = (
        select(
            t.installation_id, func.max(t.sequence).label("sequence"), func.max(t.at).label("at")
        )
        .group_by(t.installation_id)
        .subquery()
    )
    moved = (
        select(audit_heads)
        .outerjoin(newest, newest.c.installation_id == audit_heads.c.installation_id)
        .where(
            or_(
                newest.c.sequence.is_(None),
                (newest.c.sequence < audit_heads.c.sequence) & (newest.c.at <= last_before),
            )
        )
        .order_by(audit_heads.c.installation_id)
    )
    return [
        ChainHead(InstallationId(row.installation_id), row.sequence, row.hash)
        for row in snapshot.execute(moved)
    ]


def record_checkpoint(tx: Transaction, checkpoint: Checkpoint) -> None:
    """Store a checkpoint; another node may have signed the same entry already."""
    _insert.change(
        tx,
        {
            "installation_id": checkpoint.installation_id,
            "sequence": checkpoint.sequence,
            "hash": checkpoint.hash,
            "at": checkpoint.at,
            "signature": checkpoint.signature,
            "key_fingerprint": checkpoint.key_fingerprint,
        },
    )
