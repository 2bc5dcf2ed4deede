"""Pull requests whose policy is looked at."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from gate.store.engine.tables.base import UtcDateTime, due_columns, due_index, metadata

policy_checks = Table(
    "policy_checks",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("pull_number", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    *due_columns(),
    Column("checked_sha", Text),
    Column("outcome", Text),
    Column("looked_at", UtcDateTime),
    due_index("policy_checks"),
    Index("ix_policy_checks_commit", "repository_id", "checked_sha"),
    Index("ix_policy_checks_looked_at", "looked_at"),
)
