"""What the jobs of validation runs reported."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from gate.store.engine.tables.base import UtcDateTime, metadata

validation_reports = Table(
    "validation_reports",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("has_trouble", Boolean, nullable=False, server_default=false()),
    Column("value", LargeBinary, nullable=False),
    Index("ix_validation_reports_seen_at", "seen_at"),
    Index(
        "ix_validation_reports_trouble",
        "seen_at",
        "repository_id",
        "run_id",
        sqlite_where=text("has_trouble"),
        postgresql_where=text("has_trouble"),
    ),
)

alert_reports = Table(
    "alert_reports",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_alert_reports_received_at", "received_at"),
)

spent_tokens = Table(
    "spent_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_spent_tokens_expires_at", "expires_at"),
)
