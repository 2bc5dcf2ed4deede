"""Incidents, their checks, issues and alerts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from gate.store.engine.tables.base import Serial, UtcDateTime, due_columns, due_index, metadata

incidents = Table(
    "incidents",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("environment_key", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("events", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("issue_number", BigInteger),
    Column("issue_url", Text),
    Index("ix_incidents_environment", "repository_id", "environment_key", "id"),
    Index(
        "ix_incidents_open",
        "repository_id",
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    Index("ix_incidents_environment_key", "environment_key", "id"),
    Index("ix_incidents_opened_at", "opened_at"),
    Index("ix_incidents_resolved_at", "resolved_at"),
)

incident_events = Table(
    "incident_events",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
)

incident_checks = Table(
    "incident_checks",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    *due_columns(),
    due_index("incident_checks"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_key", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("incident", Text, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    *due_columns(),
    Column("outcome", Text),
    Column("maybe_sent", Boolean, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("value", LargeBinary, nullable=False),
    due_index("alerts"),
    Index("ix_alerts_incident", "incident"),
    Index("ix_alerts_planned_at", "planned_at"),
)

incident_issues = Table(
    "incident_issues",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    *due_columns(),
    Column("begun", Text),
    Column("begun_at", UtcDateTime),
    Column("told", Integer, nullable=False),
    Column("digest", Text),
    Column("is_open", Boolean, nullable=False),
    Column("closed_by_hand", Text, nullable=False),
    Column("refused", Text),
    due_index("incident_issues"),
    Index("ix_incident_issues_repository", "repository_id"),
)

run_artifacts = Table(
    "run_artifacts",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("wanted_at", UtcDateTime, nullable=False),
    *due_columns(),
    Column("urls", Text),
    due_index("run_artifacts"),
)
