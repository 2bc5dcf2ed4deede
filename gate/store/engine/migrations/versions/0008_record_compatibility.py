"""Record which releases can work with the schema.

Revises: 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Create the table; `gate.store.engine.migrations.migrate` writes its row."""
    op.create_table(
        "schema_compatibility",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("oldest_revision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_compatibility")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("schema_compatibility")
