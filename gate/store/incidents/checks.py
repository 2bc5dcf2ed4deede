"""Keep which repositories' incidents must be looked at, and when.

News only say that a look is due; what they mean is found when it is made. So marking is one cheap
statement, and marking twice is as good as once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, Executable, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gate.domain.model.ids import AccountId, InstallationId, RepositoryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.prepared import Prepared
from gate.store.engine.tables import incident_checks, repositories

_t: Final = incident_checks.c
_POSTGRESQL: Final = "postgresql"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _build_mark(dialect: str) -> Executable:
    insert: Callable[..., postgresql.Insert | sqlite.Insert] = (
        postgresql.insert if dialect == _POSTGRESQL else sqlite.insert
    )
    added = insert(incident_checks)
    return added.on_conflict_do_update(
        index_elements=[_t.repository_id],
        set_={"generation": _t.generation + 1, "due_at": added.excluded.due_at},
    )


_mark: Final = Prepared(_build_mark)
_due: Final = Prepared(
    select(_t.repository_id)
    .where(_t.due_at.is_not(None), _t.due_at <= bindparam("now"))
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)
_lock: Final = Prepared(
    select(_t.generation, _t.failures, _t.due_at)
    .where(_t.repository_id == bindparam("repository"))
    .with_for_update()
)
_settle: Final = Prepared(
    update(incident_checks)
    .where(_t.repository_id == bindparam("repository"), _t.generation == bindparam("seen"))
    .values(due_at=bindparam("new_due_at"), failures=bindparam("new_failures"))
)


@dataclass(frozen=True, slots=True)
class IncidentCheck:
    """A look that is due; `generation` goes up with all news, `failures` with failed looks."""

    repository_id: RepositoryId
    generation: int
    failures: int


def mark_check(tx: Transaction, repository_id: RepositoryId, now: datetime) -> None:
    """Let the incidents of a repository be looked at, since there is news."""
    _mark.change(
        tx, {"repository_id": repository_id, "generation": 1, "failures": 0, "due_at": now}
    )


def mark_check_of_returned(tx: Transaction, repository_id: RepositoryId) -> None:
    """Let the incidents of a repository on which the App is at work again be looked at, at once.

    Whatever was known when it left was set aside; nothing else brings it back.
    """
    _mark_known(tx, repositories.c.repository_id == repository_id, _LONG_AGO)


def mark_checks_of_owner(tx: Transaction, owner_id: AccountId, now: datetime) -> None:
    """Let the incidents of all repositories of an owner be looked at; see `_mark_known`."""
    _mark_known(tx, repositories.c.owner_id == owner_id, now)


def mark_checks_of_installation(
    tx: Transaction, installation_id: InstallationId, now: datetime
) -> None:
    """Let the incidents of all repositories of an installation be looked at."""
    _mark_known(tx, repositories.c.installation_id == installation_id, now)


def _mark_known(tx: Transaction, concerned: ColumnElement[bool], now: datetime) -> None:
    """Mark where something was looked at before; elsewhere no validation is known."""
    served = select(repositories.c.repository_id).where(
        concerned, repositories.c.removed.is_(False)
    )
    tx.execute(
        update(incident_checks)
        .where(_t.repository_id.in_(served))
        .values(generation=_t.generation + 1, due_at=now)
    )


def due_checks(snapshot: Snapshot, now: datetime, limit: int) -> list[RepositoryId]:
    """List the repositories whose incidents are due for a look, longest due first."""
    rows = _due.rows(snapshot, {"now": now, "most": limit})
    return [RepositoryId(row.repository_id) for row in rows]


def known_checks(snapshot: Snapshot) -> list[RepositoryId]:
    """List the repositories whose incidents were ever looked at, or are to be."""
    return [RepositoryId(it) for it in snapshot.scalars(select(_t.repository_id))]


def take_check(tx: Transaction, repository_id: RepositoryId, now: datetime) -> IncidentCheck | None:
    """Lock a check until the end of the transaction; None when it is not due any more."""
    row = _lock.first(tx, {"repository": repository_id})
    if row is None or row.due_at is None or row.due_at > now:
        return None
    return IncidentCheck(repository_id, row.generation, row.failures)


def settle_check(
    tx: Transaction, check: IncidentCheck, *, due_at: datetime | None, failures: int = 0
) -> None:
    """Say when the next look is due; news that came meanwhile stays due at once."""
    values = {
        "repository": check.repository_id,
        "seen": check.generation,
        "new_due_at": due_at,
        "new_failures": failures,
    }
    _settle.change(tx, values)
