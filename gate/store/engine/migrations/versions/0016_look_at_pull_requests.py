"""Store which pull requests are to be looked at for their policy.

Revises: 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Create the table and its indexes."""
    op.create_table(
        "policy_checks",
        sa.Column("repository_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pull_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("checked_sha", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "pull_number", name=op.f("pk_policy_checks")),
    )
    op.create_index(
        "ix_policy_checks_due_at",
        "policy_checks",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_policy_checks_commit", "policy_checks", ["repository_id", "checked_sha"], unique=False
    )
    op.create_index("ix_policy_checks_looked_at", "policy_checks", ["looked_at"], unique=False)


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("policy_checks")
