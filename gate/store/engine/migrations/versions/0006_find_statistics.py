"""Store how long each request held, and index what the metrics are made of.

Revises: 0005.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
expands = True

_INDEXES: Final = {
    "ix_gate_requests_holds": (
        "gate_requests",
        ["environment_key", "opened_at", "repository_id", "waiting_since", "ended_at", "was_held"],
        "was_held",
    ),
    "ix_runs_conclusions": (
        "runs",
        [
            "repository_id",
            "path",
            "head_branch",
            "started_at",
            "head_repository_id",
            "conclusion",
            "run_id",
        ],
        "conclusion IS NOT NULL",
    ),
    "ix_validation_reports_trouble": (
        "validation_reports",
        ["seen_at", "repository_id", "run_id"],
        "has_trouble",
    ),
}

_HELD: Final = """
    UPDATE gate_requests SET was_held = true WHERE EXISTS (
        SELECT 1 FROM decisions
        WHERE decisions.request_id = gate_requests.id AND decisions.verdict = 'wait'
    )
"""
_ANSWERED: Final = """
    UPDATE gate_requests SET ended_at = answered_at WHERE state IN ('approved', 'rejected')
"""
# The trail tells when a request ended without an answer.
_CLOSED: Final = """
    UPDATE gate_requests SET ended_at = coalesce(
        (
            SELECT max(audit_entries.at) FROM audit_entries
            WHERE audit_entries.repository_id = gate_requests.repository_id
                AND audit_entries.run_id = gate_requests.run_id
                AND audit_entries.run_attempt = gate_requests.run_attempt
                AND audit_entries.environment = gate_requests.environment
                AND audit_entries.kind IN ('request.closed', 'bypass.detected', 'review.refused')
        ),
        waiting_since
    )
    WHERE state IN ('lapsed', 'resolved_elsewhere', 'unanswerable')
"""
# Within a text the quotation marks are escaped, so nobody can write this into a report.
_TROUBLE: Final = {
    "sqlite": 'instr(value, CAST(\'"status":"{}"\' AS BLOB)) > 0',
    "postgresql": "position(convert_to('\"status\":\"{}\"', 'UTF8') IN value) > 0",
}


def upgrade() -> None:
    """Add the columns, fill them from the record, and create the indexes."""
    op.add_column("gate_requests", _flag("was_held"))
    op.add_column("gate_requests", sa.Column("ended_at", sa.BigInteger()))
    op.add_column("validation_reports", _flag("has_trouble"))
    for statement in (_HELD, _ANSWERED, _CLOSED):
        op.execute(statement)
    statement = f"UPDATE validation_reports SET has_trouble = true WHERE {_has_trouble()}"  # noqa: S608 - our own words
    # As it is: there are colons in it, which SQLAlchemy would take for parameters.
    op.get_bind().exec_driver_sql(statement)
    for name, (table, columns, condition) in _INDEXES.items():
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _has_trouble() -> str:
    contains = _TROUBLE[op.get_bind().dialect.name]
    return " OR ".join(contains.format(status) for status in ("failed", "flaky"))


def downgrade() -> None:
    """Drop them."""
    for name, (table, _, _) in reversed(_INDEXES.items()):
        op.drop_index(name, table_name=table)
    op.drop_column("validation_reports", "has_trouble")
    op.drop_column("gate_requests", "ended_at")
    op.drop_column("gate_requests", "was_held")
