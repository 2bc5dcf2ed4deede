"""Share GitHub's limits between nodes.

A node of the release before counts its own calls only, so until it is replaced the limits hold for
the newer nodes together and for each older one.

Revises: 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "limit_accounts",
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("installation_id", name=op.f("pk_limit_accounts")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("limit_accounts")
