"""Store which repositories' incidents must be looked at, and when.

News only say that a look is due; what they mean is found when it is made. So marking is one cheap
statement, and marking twice is as good as once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update

from gate.domain.model.hints import Work
from gate.domain.model.ids import AccountId, InstallationId, RepositoryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import DueTable
from gate.store.engine.tables.github import repositories
from gate.store.engine.tables.incidents import incident_checks

_t: Final = incident_checks.c
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


rows: Final = DueTable(incident_checks, Work.INCIDENTS)


def mark_check(tx: Transaction, repository_id: RepositoryId, now: datetime) -> None:
    """Let the incidents of a repository be looked at, since there is news."""
    rows.mark(tx, {"repository_id": repository_id}, now)


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
    rows.note_due(tx, None, now)


def known_checks(snapshot: Snapshot) -> list[RepositoryId]:
    """List the repositories whose incidents were ever looked at, or are to be."""
    return [RepositoryId(it) for it in snapshot.scalars(select(_t.repository_id))]
