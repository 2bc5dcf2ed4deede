"""Store which deliveries opened and woke the requests.

Revises: 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
expands = True


def upgrade() -> None:
    """Add the columns; they stay empty unless traces are on."""
    op.add_column("gate_requests", sa.Column("opened_by", sa.Text(), nullable=True))
    op.add_column("gate_requests", sa.Column("woken_by", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("gate_requests", "woken_by")
    op.drop_column("gate_requests", "opened_by")
