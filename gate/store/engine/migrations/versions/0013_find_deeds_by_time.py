"""Find the deeds of a person by their time.

Revises: 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Create the index."""
    op.create_index(
        "ix_audit_entries_deeds",
        "audit_entries",
        ["actor", "at"],
        unique=False,
        sqlite_where=sa.text("actor <> 'gate'"),
        postgresql_where=sa.text("actor <> 'gate'"),
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_audit_entries_deeds", "audit_entries")
