"""Webhook deliveries."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from gate.store.engine.tables.base import UtcDateTime, due_columns, due_index, metadata

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    *due_columns(),
    Column("reason", Text),
    Column("body", LargeBinary),
    due_index("deliveries"),
    Index("ix_deliveries_received_at", "received_at"),
    # A body is dropped once it is read. In a table with row ids the place that it leaves in its
    # page stays empty until the row goes, which was 4 KB for each delivery.
    sqlite_with_rowid=False,
)

redeliveries = Table(
    "redeliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)
