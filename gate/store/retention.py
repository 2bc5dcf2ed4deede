"""Delete what is too old to matter, in small batches; the trail is kept.

GitHub ends a run 35 days after it started at the latest, so nothing younger is deleted. Undecided
requests are never touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Delete, Select, Table, delete, exists, select, tuple_

from gate.domain.access.session import IDLE, LIFETIME, SIGN_IN_LASTS
from gate.domain.model.request import UNDECIDED
from gate.domain.nodes.node import KEEP_LOST
from gate.store.engine.database import Database, Transaction
from gate.store.engine.tables.access import sessions, sign_ins
from gate.store.engine.tables.comments import commands, replies
from gate.store.engine.tables.github import deployments, runs
from gate.store.engine.tables.inbox import deliveries, redeliveries
from gate.store.engine.tables.incidents import (
    alerts,
    incident_events,
    incident_issues,
    incidents,
    run_artifacts,
)
from gate.store.engine.tables.nodes import nodes
from gate.store.engine.tables.policy_checks import policy_checks
from gate.store.engine.tables.reports import alert_reports, spent_tokens, validation_reports
from gate.store.engine.tables.requests import (
    decision_reports,
    decisions,
    effects,
    gate_requests,
    kept_reports,
    override_claims,
    unannounced_ends,
)

KEEP: Final = timedelta(days=35)
KEEP_TOKENS: Final = timedelta(hours=1)
"""How long a token's id outlives its token: longer than our clock may be off."""

KEEP_INCIDENTS: Final = timedelta(days=400)
"""How long an incident outlives its end: statistics of a year are whole."""
_BATCH: Final = 1_000


def delete_expired(database: Database, now: datetime, *, keep: timedelta = KEEP) -> Counter[str]:
    """Delete rows older than `keep` and count them by table.

    Ids of tokens, sessions and sign-ins go when they have ended, nodes a day after they were lost.
    Each batch is a transaction of its own, so that deliveries can be taken in between.
    """
    before = now - keep
    counts: Counter[str] = Counter()
    while deleted_rows := database.transact(lambda tx: _delete_requests(tx, before)):
        counts.update(deleted_rows)
    for table, at, limit in (
        (deliveries, deliveries.c.received_at, before),
        (redeliveries, redeliveries.c.asked_at, before),
        (deployments, deployments.c.seen_at, before),
        (runs, runs.c.seen_at, before),
        (run_artifacts, run_artifacts.c.wanted_at, before),
        (override_claims, override_claims.c.seen_at, before),
        (replies, replies.c.written_at, before),
        (commands, commands.c.seen_at, before),
        (validation_reports, validation_reports.c.seen_at, before),
        (alert_reports, alert_reports.c.received_at, before),
        (alerts, alerts.c.planned_at, before),
        (unannounced_ends, unannounced_ends.c.at, before),
        (policy_checks, policy_checks.c.looked_at, before),
        (spent_tokens, spent_tokens.c.expires_at, now - KEEP_TOKENS),
        (sessions, sessions.c.created_at, now - LIFETIME),
        (sessions, sessions.c.seen_at, now - IDLE),
        (sign_ins, sign_ins.c.started_at, now - SIGN_IN_LASTS),
        (nodes, nodes.c.seen_at, now - KEEP_LOST),
    ):
        keys = list(table.primary_key.columns)
        old = select(*keys).where(at < limit).limit(_BATCH)
        while deleted := database.transact(_deleting(_matching(table, old))):
            counts[table.name] += deleted
    while deleted := database.transact(_deleting(_unused_reports(before))):
        counts[kept_reports.name] += deleted
    while deleted_rows := database.transact(lambda tx: _delete_incidents(tx, now)):
        counts.update(deleted_rows)
    return counts


def _unused_reports(before: datetime) -> Delete:
    """Name reports that no decision which is kept rests on.

    The time is compared again by whoever waited for one that comes into use just now.
    """
    t = kept_reports.c
    used = exists().where(decision_reports.c.digest == t.digest)
    old = select(t.digest).where(t.used_at < before, ~used).limit(_BATCH)
    return delete(kept_reports).where(t.digest.in_(old), t.used_at < before)


def _delete_incidents(tx: Transaction, now: datetime) -> dict[str, int]:
    """Delete some incidents that were over long ago, with their events; the trail keeps theirs.

    The newest of an environment stays: it tells whether a failure is known.
    """
    t, newer = incidents.c, incidents.alias()
    has_newer = exists().where(
        newer.c.repository_id == t.repository_id,
        newer.c.environment_key == t.environment_key,
        newer.c.id > t.id,
    )
    expired = (
        select(t.id)
        .where(t.resolved_at < now - KEEP_INCIDENTS, has_newer)
        .order_by(t.id)
        .limit(_BATCH)
        .with_for_update(of=incidents)
    )
    ids = list(tx.scalars(expired))
    if not ids:
        return {}
    tx.execute(delete(incident_issues).where(incident_issues.c.incident_id.in_(ids))).close()
    return {
        table.name: tx.execute(delete(table).where(column.in_(ids))).rowcount
        for table, column in ((incident_events, incident_events.c.incident_id), (incidents, t.id))
    }


def _delete_requests(tx: Transaction, before: datetime) -> dict[str, int]:
    """Delete some old requests with all that belongs to them; empty when there are none.

    They are locked and deleted in one transaction: a late job may open one of them again.
    """
    expired = (
        select(gate_requests.c.id)
        .where(gate_requests.c.opened_at < before, gate_requests.c.state.not_in(UNDECIDED))
        .order_by(gate_requests.c.opened_at)
        .limit(_BATCH)
        .with_for_update()
    )
    ids = list(tx.scalars(expired))
    if not ids:
        return {}
    own = select(decisions.c.id).where(decisions.c.request_id.in_(ids))
    referring = decision_reports.c.decision_id.in_(own)
    tx.execute(delete(decision_reports).where(referring)).close()
    return {
        table.name: tx.execute(delete(table).where(column.in_(ids))).rowcount
        for table, column in (
            (decisions, decisions.c.request_id),
            (effects, effects.c.request_id),
            (gate_requests, gate_requests.c.id),
        )
    }


def _deleting(statement: Delete) -> Callable[[Transaction], int]:
    return lambda tx: tx.execute(statement).rowcount


def _matching(table: Table, keys: Select[Any]) -> Delete:
    return delete(table).where(tuple_(*table.primary_key.columns).in_(keys))
