"""Gate requests, their decisions, effects and claims."""

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
    UniqueConstraint,
    false,
    text,
)

from gate.store.engine.tables.base import Serial, UtcDateTime, metadata


def _history_index(name: str, column: str) -> Index:
    """Build an index that serves the history only, which asks for `round > 0` as all rows have.

    Without the condition the planner takes it for what runs all the time, instead of the smaller
    indexes that are meant for that.
    """
    return Index(
        f"ix_gate_requests_{name}_history",
        column,
        "opened_at",
        sqlite_where=text("round > 0"),
        postgresql_where=text("round > 0"),
    )


gate_requests = Table(
    "gate_requests",
    metadata,
    Column("id", Serial, primary_key=True),
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
    Column("was_held", Boolean, nullable=False, server_default=false()),
    Column("ended_at", UtcDateTime),
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
    Column("lease_owner", Text),
    # Deliveries, for traces only: which one opened the request, and which one made it due now.
    Column("opened_by", Text),
    Column("woken_by", Text),
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
    Index(
        "ix_gate_requests_place",
        "repository_id",
        "environment_key",
        "id",
        sqlite_where=text("round > 0"),
        postgresql_where=text("round > 0"),
    ),
    Index(
        "ix_gate_requests_overridden",
        "answered_at",
        sqlite_where=text("reason = 'override'"),
        postgresql_where=text("reason = 'override'"),
    ),
    Index(
        "ix_gate_requests_holds",
        "environment_key",
        "opened_at",
        "repository_id",
        "waiting_since",
        "ended_at",
        # Read by the condition too: without it SQLite would look up every row.
        "was_held",
        sqlite_where=text("was_held"),
        postgresql_where=text("was_held"),
    ),
    _history_index("repository", "repository_id"),
    _history_index("environment", "environment_key"),
    _history_index("reason", "reason"),
    _history_index("verdict", "verdict"),
    _history_index("state", "state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Serial, primary_key=True),
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

unannounced_ends = Table(
    "unannounced_ends",
    metadata,
    Column("request_id", BigInteger, primary_key=True, autoincrement=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("announced_at", UtcDateTime),
    Index(
        "ix_unannounced_ends_unannounced",
        "repository_id",
        sqlite_where=text("announced_at IS NULL"),
        postgresql_where=text("announced_at IS NULL"),
    ),
    Index("ix_unannounced_ends_at", "at"),
)
