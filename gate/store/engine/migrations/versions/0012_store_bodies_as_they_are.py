"""Let PostgreSQL store the bodies of deliveries as they are.

A body is dropped once it is read, mostly within milliseconds. Compressing it took PostgreSQL a
fifth of its time for a decision.

Revises: 0011.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
expands = True

_STORED = "ALTER TABLE deliveries ALTER COLUMN body SET STORAGE"


def upgrade() -> None:
    """Compress no body any more; those that are there stay as they are."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"{_STORED} EXTERNAL")


def downgrade() -> None:
    """Compress them again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"{_STORED} EXTENDED")
