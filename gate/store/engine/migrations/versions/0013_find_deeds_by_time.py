"""Find the deeds of a person by their time.

Revises: 0012.
"""

from __future__ import annotations

from alembic import op

from gate.store.engine.migrations.large_tables import create_index

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
expands = True
concurrent = True


def upgrade() -> None:
    """Create the index."""
    create_index(
        "ix_audit_entries_deeds", "audit_entries", ["actor", "at"], where="actor <> 'gate'"
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_audit_entries_deeds", "audit_entries")
