"""What a schema says about itself, for releases that are older than it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table, Text

from gate.store.engine.tables.base import metadata

schema_compatibility = Table(
    "schema_compatibility",
    metadata,
    # One row, which each migration replaces.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("oldest_revision", Text, nullable=False),
)

ONLY_ROW: Final = 1
