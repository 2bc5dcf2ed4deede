"""Commands in comments, and replies to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text

from gate.store.engine.tables.base import UtcDateTime, due_columns, due_index, metadata

commands = Table(
    "commands",
    metadata,
    Column("command_key", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("issue_number", BigInteger, nullable=False),
    Column("comment_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("is_related", Boolean, nullable=False),
    *due_columns(),
    Column("outcome", Text),
    due_index("commands"),
    Index("ix_commands_comment", "repository_id", "comment_id"),
    Index("ix_commands_seen_at", "seen_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("reply_key", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("issue_number", BigInteger, nullable=False),
    Column("comment_id", BigInteger, nullable=False),
    Column("reaction", Text, nullable=False),
    Column("body", Text),
    Column("state", Text, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    *due_columns(),
    Column("outcome", Text),
    due_index("replies"),
    Index("ix_replies_written_at", "written_at"),
)
