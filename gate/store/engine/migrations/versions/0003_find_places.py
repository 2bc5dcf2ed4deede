"""Find by an index what the board and the badge read.

Revises: 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Add the indexes by which the board reads."""
    op.create_index(
        "ix_gate_requests_place",
        "gate_requests",
        ["repository_id", "environment_key", "id"],
        # Every row has a round. Queries that do not name it keep to the indexes that are theirs.
        sqlite_where=sa.text("round > 0"),
        postgresql_where=sa.text("round > 0"),
    )
    op.create_index(
        "ix_gate_requests_overridden",
        "gate_requests",
        ["answered_at"],
        sqlite_where=sa.text("reason = 'override'"),
        postgresql_where=sa.text("reason = 'override'"),
    )
    op.create_index("ix_repositories_full_name", "repositories", ["full_name"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_repositories_full_name", table_name="repositories")
    op.drop_index("ix_gate_requests_overridden", table_name="gate_requests")
    op.drop_index("ix_gate_requests_place", table_name="gate_requests")
