"""What several nodes may spend of GitHub's limits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from gate.store.engine.tables.base import metadata

limit_accounts = Table(
    "limit_accounts",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", LargeBinary, nullable=False),
)
