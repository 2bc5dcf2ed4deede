"""Declare the tables. Times are UTC, stored as microseconds since 1970 on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime, exact to the microsecond and equal on both databases."""

    impl: type[BigInteger] = BigInteger  # type: ignore[mutable-override]  # as SQLAlchemy documents
    cache_ok: bool | None = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store microseconds; a naive datetime is a mistake of ours and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a datetime without a time zone cannot be stored"
            raise ValueError(msg)
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401, ARG002
        """Give an aware UTC datetime back."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


# SQLite counts up by itself only in a column that is called INTEGER.
_Serial: Final = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("event", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("reason", Text),
    Column("body", LargeBinary),
    Index(
        "ix_deliveries_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_deliveries_received_at", "received_at"),
    # A body is dropped once it is read. In a table with row ids the place that it leaves in its
    # page stays empty until the row goes, which was 4 KB for each delivery.
    sqlite_with_rowid=False,
)

redeliveries = Table(
    "redeliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
)

installations = Table(
    "installations",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", BigInteger, nullable=False),
    Column("account_login", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

repositories = Table(
    "repositories",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("full_name", Text, nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("owner_login", Text, nullable=False),
    Column("default_branch", Text),
    Column("removed", Boolean, nullable=False),
    Column("looked_at", UtcDateTime),
    Index("ix_repositories_installation_id", "installation_id"),
    Index("ix_repositories_looked_at", "looked_at"),
)

runs = Table(
    "runs",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("head_branch", Text),
    Column("head_repository_id", BigInteger),
    Column("status", Text, nullable=False),
    Column("conclusion", Text),
    Column("started_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_runs_repository_id_path_started_at", "repository_id", "path", "started_at"),
    Index("ix_runs_seen_at", "seen_at"),
)

listings = Table(
    "listings",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("path", Text, primary_key=True),
    Column("branch", Text, primary_key=True),
    Column("read_at", UtcDateTime, nullable=False),
    Column("absent_since", UtcDateTime),
    Column("reaches_to", UtcDateTime),
)

deployments = Table(
    "deployments",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("deployment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("environment", Text, nullable=False),
    Column("run_id", BigInteger),
    Column("run_attempt", Integer),
    Column("state", Text),
    Column("state_at", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_deployments_seen_at", "seen_at"),
)

policy_texts = Table(
    "policy_texts",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("text", LargeBinary, nullable=False),
)

policy_documents = Table(
    "policy_documents",
    metadata,
    Column("source", Text, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text),
    Column("etag", Text),
    Column("read_at", UtcDateTime),
    Column("news", Integer, nullable=False),
    Column("read_news", Integer, nullable=False),
    Column("absent_since", UtcDateTime),
)

gate_requests = Table(
    "gate_requests",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("run_attempt", Integer, nullable=False),
    Column("environment_key", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("head_sha", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("round", Integer, nullable=False),
    Column("deployments", Text, nullable=False),
    Column("unanswered", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("waiting_since", UtcDateTime, nullable=False),
    Column("missed_at", UtcDateTime),
    Column("answer", Text),
    Column("answered_at", UtcDateTime),
    Column("generation", Integer, nullable=False),
    Column("verdict", Text),
    Column("reason", Text),
    Column("decision_id", BigInteger),
    Column("policy_digest", Text),
    Column("give_up_at", UtcDateTime),
    Column("recheck_at", UtcDateTime),
    Column("watched", Text, nullable=False),
    Column("due_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("lease_token", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    UniqueConstraint("repository_id", "run_id", "run_attempt", "environment_key"),
    Index(
        "ix_gate_requests_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_gate_requests_undecided",
        "repository_id",
        sqlite_where=text("state IN ('open', 'waiting', 'answering')"),
        postgresql_where=text("state IN ('open', 'waiting', 'answering')"),
    ),
    Index("ix_gate_requests_opened_at", "opened_at"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("request_id", BigInteger, ForeignKey("gate_requests.id"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("engine_version", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("decision", LargeBinary, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("basis", LargeBinary),
    Index("ix_decisions_request_id", "request_id"),
)

kept_reports = Table(
    "kept_reports",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("used_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_kept_reports_used_at", "used_at"),
)

decision_reports = Table(
    "decision_reports",
    metadata,
    Column("decision_id", BigInteger, ForeignKey("decisions.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, ForeignKey("kept_reports.digest"), nullable=False),
    Index("ix_decision_reports_digest", "digest"),
)

effects = Table(
    "effects",
    metadata,
    Column("effect_key", Text, primary_key=True),
    Column("request_id", BigInteger, ForeignKey("gate_requests.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", Text),
    Column("comment", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text),
    Column("first_sent", Text),
    Column("maybe_landed", Boolean, nullable=False),
    Column("decision_id", BigInteger),
    Column("intended_at", UtcDateTime, nullable=False),
    Column("begun_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("deployment_id", BigInteger),
    Column("mirrored", Text),
    Column("log_url", Text),
    Index("ix_effects_request_id", "request_id"),
)

override_claims = Table(
    "override_claims",
    metadata,
    Column("claim_key", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("run_attempt", Integer, nullable=False),
    Column("environment_key", Text, nullable=False),
    Column("comment_id", BigInteger),
    Column("issue_number", BigInteger),
    Column("withdrawn", Boolean, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index(
        "ix_override_claims_request", "repository_id", "run_id", "run_attempt", "environment_key"
    ),
    Index(
        "ix_override_claims_comment",
        "repository_id",
        "comment_id",
        sqlite_where=text("comment_id IS NOT NULL"),
        postgresql_where=text("comment_id IS NOT NULL"),
    ),
    Index("ix_override_claims_seen_at", "seen_at"),
)

replies = Table(
    "replies",
    metadata,
    Column("reply_key", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("issue_number", BigInteger, nullable=False),
    Column("comment_id", BigInteger, nullable=False),
    Column("reaction", Text, nullable=False),
    Column("body", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("outcome", Text),
    Index(
        "ix_replies_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_replies_written_at", "written_at"),
)

validation_reports = Table(
    "validation_reports",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_validation_reports_seen_at", "seen_at"),
)

alert_reports = Table(
    "alert_reports",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Index("ix_alert_reports_received_at", "received_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", _Serial, primary_key=True),
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
    Column("failures", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Index(
        "ix_incident_checks_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
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
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("outcome", Text),
    Column("maybe_sent", Boolean, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("value", LargeBinary, nullable=False),
    Index(
        "ix_alerts_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_alerts_incident", "incident"),
    Index("ix_alerts_planned_at", "planned_at"),
)

incident_issues = Table(
    "incident_issues",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("due_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("begun", Text),
    Column("begun_at", UtcDateTime),
    Column("told", Integer, nullable=False),
    Column("digest", Text),
    Column("is_open", Boolean, nullable=False),
    Column("closed_by_hand", Text, nullable=False),
    Column("refused", Text),
    Index(
        "ix_incident_issues_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_incident_issues_repository", "repository_id"),
)

run_artifacts = Table(
    "run_artifacts",
    metadata,
    Column("repository_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_id", BigInteger, primary_key=True, autoincrement=False),
    Column("run_attempt", Integer, primary_key=True, autoincrement=False),
    Column("wanted_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("urls", Text),
    Index(
        "ix_run_artifacts_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

commands = Table(
    "commands",
    metadata,
    Column("command_key", Text, primary_key=True),
    Column("repository_id", BigInteger, nullable=False),
    Column("issue_number", BigInteger, nullable=False),
    Column("comment_id", BigInteger),
    Column("actor_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("is_related", Boolean, nullable=False),
    Column("due_at", UtcDateTime),
    Column("outcome", Text),
    Index(
        "ix_commands_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("ix_commands_comment", "repository_id", "comment_id"),
    Index("ix_commands_seen_at", "seen_at"),
)

untold_ends = Table(
    "untold_ends",
    metadata,
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Index(
        "ix_untold_ends_untold",
        "repository_id",
        sqlite_where=text("told_at IS NULL"),
        postgresql_where=text("told_at IS NULL"),
    ),
    Index("ix_untold_ends_at", "at"),
)

spent_tokens = Table(
    "spent_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Index("ix_spent_tokens_expires_at", "expires_at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("installation_id", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("repository_id", BigInteger),
    Column("run_id", BigInteger),
    Column("run_attempt", Integer),
    Column("environment", Text),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    UniqueConstraint("installation_id", "sequence"),
    Index("ix_audit_entries_run", "repository_id", "run_id"),
    Index(
        "ix_audit_entries_releases",
        "at",
        sqlite_where=text("kind IN ('override.recorded', 'bypass.detected')"),
        postgresql_where=text("kind IN ('override.recorded', 'bypass.detected')"),
    ),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("installation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("signature", Text, nullable=False),
    Column("key_fingerprint", Text, nullable=False),
)
