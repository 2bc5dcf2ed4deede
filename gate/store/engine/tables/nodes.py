"""The nodes of the fleet: one row for each running process."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table, Text

from gate.store.engine.tables.base import UtcDateTime, metadata

nodes = Table(
    "nodes",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("is_draining", Boolean, nullable=False),
    Column("hints_waiting", Integer, nullable=False),
)
