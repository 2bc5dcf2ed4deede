"""List the nodes, and who holds which lease.

A node of the release before writes no owner, so what it holds is shown as nobody's.

Revises: 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None
expands = True

_LEASED = (
    "gate_requests",
    "deliveries",
    "commands",
    "replies",
    "incident_checks",
    "alerts",
    "incident_issues",
    "run_artifacts",
    "policy_authors",
)


def upgrade() -> None:
    """Create the table, and add the owner to every row that can be leased."""
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("is_draining", sa.Boolean(), nullable=False),
        sa.Column("hints_waiting", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_nodes")),
    )
    for table in _LEASED:
        op.add_column(table, sa.Column("lease_owner", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the owners and the table."""
    for table in _LEASED:
        op.drop_column(table, "lease_owner")
    op.drop_table("nodes")
