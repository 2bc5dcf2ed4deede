"""Find what is due, and when something will be, over all tables of work that waits.

So that nobody need ask every table at intervals: who works waits for the next instant, or a hint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Table, bindparam, func, or_, select, type_coerce

from gate.domain.model.hints import Work
from gate.store.engine.database import Snapshot
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.tables.base import UtcDateTime
from gate.store.engine.tables.comments import commands, replies
from gate.store.engine.tables.github import policy_authors
from gate.store.engine.tables.inbox import deliveries
from gate.store.engine.tables.incidents import (
    alerts,
    incident_checks,
    incident_issues,
    run_artifacts,
)
from gate.store.engine.tables.policy_checks import policy_checks
from gate.store.engine.tables.requests import gate_requests

WORK_TABLES: Final[Mapping[Work, Table]] = {
    Work.INCIDENTS: incident_checks,
    Work.ALERTS: alerts,
    Work.COMMANDS: commands,
    Work.ISSUES: incident_issues,
    Work.ARTIFACTS: run_artifacts,
    Work.REPLIES: replies,
    Work.AUTHORS: policy_authors,
    Work.POLICY_CHECKS: policy_checks,
}
"""The table of each kind of work."""

_TABLES: Final = (*WORK_TABLES.values(), deliveries, gate_requests)
_now: Final = bindparam("now", type_=UtcDateTime)


@dataclass(frozen=True, slots=True)
class DueWork:
    """Which kinds of work have something due, and when the next row of any table becomes due.

    `next_due` is later than the moment that was asked about; None when nothing waits for a time.
    """

    due: frozenset[Work]
    next_due: datetime | None


def read_due_work(snapshot: Snapshot, now: datetime) -> DueWork:
    """Ask all tables at once."""
    row = _asked.first(snapshot, {"now": now})
    due = frozenset(work for work in WORK_TABLES if getattr(row, f"due_{work.value}"))
    instants = [getattr(row, f"{what}_{it.name}") for it in _TABLES for what in ("next", "free")]
    return DueWork(due, min((it for it in instants if it is not None), default=None))


def _is_due(table: Table) -> ColumnElement[bool]:
    free = or_(table.c.lease_until.is_(None), table.c.lease_until <= _now)
    return select(table.c.due_at).where(table.c.due_at <= _now, free).exists()


def _next(table: Table) -> ColumnElement[datetime | None]:
    """Return when the next row becomes due that is not yet."""
    return _earliest(table.c.due_at, table.c.due_at > _now)


def _free(table: Table) -> ColumnElement[datetime | None]:
    """Return when the first lease ends of the rows that are due and somebody works on."""
    return _earliest(table.c.lease_until, table.c.due_at <= _now, table.c.lease_until > _now)


def _earliest(
    column: ColumnElement[datetime], *where: ColumnElement[bool]
) -> ColumnElement[datetime | None]:
    found = select(func.min(type_coerce(column, BigInteger))).where(*where).scalar_subquery()
    return type_coerce(found, UtcDateTime)


_asked: Final = Prepared(
    select(
        *(_is_due(table).label(f"due_{work.value}") for work, table in WORK_TABLES.items()),
        *(_next(table).label(f"next_{table.name}") for table in _TABLES),
        *(_free(table).label(f"free_{table.name}") for table in _TABLES),
    )
)
