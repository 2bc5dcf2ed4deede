"""What was seen on GitHub."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, text

from gate.store.engine.tables.base import UtcDateTime, due_columns, due_index, metadata

installations = Table(
    "installations",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", BigInteger, nullable=False),
    Column("account_login", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

repositories = Table(
    "repositories",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("owner_login", Text, nullable=False),
    Column("default_branch", Text),
    Column("removed", Boolean, nullable=False),
    Column("looked_at", UtcDateTime),
    Index("ix_repositories_full_name", "full_name"),
    Index("ix_repositories_installation_id", "installation_id"),
    Index("ix_repositories_looked_at", "looked_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("head_branch", Text),
    Column("head_repository_id", BigInteger),
    Column("status", Text, nullable=False),
    Column("conclusion", Text),
    Column("started_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_runs_repository_id_path_started_at", "repository_id", "path", "started_at"),
    Index("ix_runs_seen_at", "seen_at"),
    Index(
        "ix_runs_conclusions",
        "repository_id",
        "path",
        "head_branch",
        "started_at",
        "head_repository_id",
        "conclusion",
        "run_id",
        sqlite_where=text("conclusion IS NOT NULL"),
        postgresql_where=text("conclusion IS NOT NULL"),
    ),
)

listings = Table(
    "listings",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("path", Text, primary_key=True),
    Column("branch", Text, primary_key=True),
    Column("read_at", UtcDateTime, nullable=False),
    Column("absent_since", UtcDateTime),
    Column("reaches_to", UtcDateTime),
)

deployments = Table(
    "deployments",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("deployment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("environment", Text, nullable=False),
    Column("run_id", BigInteger),
    Column("run_attempt", Integer),
    Column("state", Text),
    Column("state_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_deployments_seen_at", "seen_at"),
)

policy_texts = Table(
    "policy_texts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("text", LargeBinary, nullable=False),
)

policy_documents = Table(
    "policy_documents",
    metadata,
    Column("source", Text, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text),
    Column("etag", Text),
    Column("read_at", UtcDateTime),
    Column("news", Integer, nullable=False),
    Column("read_news", Integer, nullable=False),
    Column("absent_since", UtcDateTime),
)

policy_authors = Table(
    "policy_authors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("changed_at", UtcDateTime, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("commit_sha", Text),
    Column("commit_url", Text),
    Column("committed_at", UtcDateTime),
    Column("author_id", BigInteger),
    Column("author_login", Text),
    Column("author_name", Text),
    *due_columns(),
    due_index("policy_authors"),
)
