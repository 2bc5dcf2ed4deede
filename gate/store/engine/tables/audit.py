"""The audit trail."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, UniqueConstraint, text

from gate.store.engine.tables.base import Serial, UtcDateTime, metadata

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("repository_id", BigInteger),
    Column("run_id", BigInteger),
    Column("run_attempt", Integer),
    Column("environment", Text),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    UniqueConstraint("installation_id", "sequence"),
    Index("ix_audit_entries_run", "repository_id", "run_id"),
    Index(
        "ix_audit_entries_person",
        "actor",
        "repository_id",
        "run_id",
        sqlite_where=text("actor <> 'gate'"),
        postgresql_where=text("actor <> 'gate'"),
    ),
    Index(
        "ix_audit_entries_deeds",
        "actor",
        "at",
        sqlite_where=text("actor <> 'gate'"),
        postgresql_where=text("actor <> 'gate'"),
    ),
    Index(
        "ix_audit_entries_releases",
        "at",
        sqlite_where=text("kind IN ('override.recorded', 'bypass.detected')"),
        postgresql_where=text("kind IN ('override.recorded', 'bypass.detected')"),
    ),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("signature", Text, nullable=False),
    Column("key_fingerprint", Text, nullable=False),
)
