"""Read what the insights show beside the metrics: who released holds, and how flows did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text

from gate.domain.model.reports import ValidationReport
from gate.domain.statistics.record import Period
from gate.store.engine.codec import decode_report
from gate.store.engine.database import Snapshot
from gate.store.engine.tables.audit import audit_entries
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.reports import validation_reports
from gate.store.engine.visibility import only_visible
from gate.store.statistics.record import Scope

MOST_RELEASES: Final = 50
MOST_REPORTS: Final = 500

_a: Final = audit_entries.c


@dataclass(frozen=True, slots=True)
class Releases:
    """How many runs a person released in a repository; `is_bypass` is past the gate."""

    repository: str | None
    person: str
    is_bypass: bool
    runs: int


def read_releases(snapshot: Snapshot, period: Period, scope: Scope) -> tuple[Releases, ...]:
    """Read who overrode and who bypassed in the period, most often first."""
    runs = func.count(_a.run_id.distinct())
    query = (
        select(repositories.c.full_name, _a.actor, _a.kind, runs.label("runs"))
        .outerjoin(repositories, repositories.c.repository_id == _a.repository_id)
        .where(
            # Literal, so that SQLite sees that its partial index has all of them.
            text("kind IN ('override.recorded', 'bypass.detected')"),
            _a.at >= period.since,
            _a.at < period.until,
        )
        .group_by(repositories.c.full_name, _a.repository_id, _a.actor, _a.kind)
        .order_by(runs.desc(), repositories.c.full_name, _a.actor)
        .limit(MOST_RELEASES)
    )
    if scope.repository_id is not None:
        query = query.where(_a.repository_id == scope.repository_id)
    if scope.environment is not None:
        query = query.where(func.lower(_a.environment) == scope.environment.lower())
    rows = snapshot.execute(only_visible(query, _a.repository_id, scope.visible))
    return tuple(
        Releases(row.full_name, row.actor, row.kind == "bypass.detected", row.runs) for row in rows
    )


def read_timed_reports(
    snapshot: Snapshot, period: Period, scope: Scope
) -> list[tuple[datetime, ValidationReport]]:
    """Read the newest reports of the period, each with when it came."""
    t = validation_reports.c
    query = (
        select(t.seen_at, t.value)
        .where(t.seen_at >= period.since, t.seen_at < period.until)
        .order_by(t.seen_at.desc())
        .limit(MOST_REPORTS)
    )
    if scope.repository_id is not None:
        query = query.where(t.repository_id == scope.repository_id)
    rows = snapshot.execute(only_visible(query, t.repository_id, scope.visible))
    return [(row.seen_at, decode_report(row.value)) for row in rows]
