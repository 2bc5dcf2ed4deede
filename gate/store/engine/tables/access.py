"""Who may read: sessions of people, sign-ins that are under way, and API tokens.

Secrets are stored as hashes only, and GitHub's tokens encrypted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, text

from gate.store.engine.tables.base import Serial, UtcDateTime, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("secret_hash", Text, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("login", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("look_at", UtcDateTime, nullable=False),
    Column("repositories", Text, nullable=False),
    Column("tokens", LargeBinary, nullable=False),
    Index("ix_sessions_secret_hash", "secret_hash", unique=True),
    Index("ix_sessions_account_id", "account_id"),
    Index("ix_sessions_created_at", "created_at"),
    Index("ix_sessions_seen_at", "seen_at"),
    # A number that is used again could get another person's rights from a look that takes long.
    sqlite_autoincrement=True,
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("browser_hash", Text, nullable=False),
    Column("verifier", LargeBinary, nullable=False),
    Column("destination", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Index("ix_sign_ins_started_at", "started_at"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_hash", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("repositories", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Index("ix_api_tokens_token_hash", "token_hash", unique=True),
    Index(
        "ix_api_tokens_name",
        "name",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)
