"""Add the tables of the job queue, on PostgreSQL.

Revises: 0013.
"""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
expands = True

_DROP = """
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
        procrastinate_workers CASCADE;
    DO $$
    DECLARE found record;
    BEGIN
        FOR found IN SELECT oid::regprocedure AS name FROM pg_proc
            WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
        LOOP
            EXECUTE format('DROP FUNCTION %s CASCADE', found.name);
        END LOOP;
    END;
    $$;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_status,
        procrastinate_job_event_type;
"""


def upgrade() -> None:
    """Run Procrastinate's own statements.

    They are those of the installed release. A newer one that changes its tables brings statements
    of its own for those who have these; they belong into a migration that comes with it.
    """
    if op.get_bind().dialect.name == "postgresql":
        _run(files("procrastinate").joinpath("sql", "schema.sql").read_text("utf-8"))


def downgrade() -> None:
    """Drop the tables, and whatever belongs to them."""
    if op.get_bind().dialect.name == "postgresql":
        _run(_DROP)


def _run(statements: str) -> None:
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})
