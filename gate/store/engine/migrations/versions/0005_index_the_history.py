"""Index what the pages of incidents and of the history are narrowed down by.

Revises: 0004.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
expands = True

_HISTORY: Final = {
    "ix_gate_requests_environment_history": "environment_key",
    "ix_gate_requests_reason_history": "reason",
    "ix_gate_requests_repository_history": "repository_id",
    "ix_gate_requests_state_history": "state",
    "ix_gate_requests_verdict_history": "verdict",
}


def upgrade() -> None:
    """Create the indexes."""
    for name, column in _HISTORY.items():
        op.create_index(
            name,
            "gate_requests",
            [column, "opened_at"],
            unique=False,
            sqlite_where=sa.text("round > 0"),
            postgresql_where=sa.text("round > 0"),
        )
    op.create_index(
        "ix_incidents_environment_key", "incidents", ["environment_key", "id"], unique=False
    )
    op.create_index(
        "ix_audit_entries_person",
        "audit_entries",
        ["actor", "repository_id", "run_id"],
        unique=False,
        sqlite_where=sa.text("actor <> 'gate'"),
        postgresql_where=sa.text("actor <> 'gate'"),
    )


def downgrade() -> None:
    """Drop the indexes."""
    op.drop_index("ix_audit_entries_person", table_name="audit_entries")
    op.drop_index("ix_incidents_environment_key", table_name="incidents")
    for name in _HISTORY:
        op.drop_index(name, table_name="gate_requests")
