"""What is done from time to time, once in the whole fleet."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, Table, Text

from gate.store.engine.tables.base import UtcDateTime, metadata

rounds = Table(
    "rounds",
    metadata,
    Column("name", Text, primary_key=True),
    Column("done_at", UtcDateTime),
    Column("lease_token", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("lease_owner", Text),
    Column("memory", LargeBinary),
)
