"""Store which pull requests must be looked at, and which commit of each was looked at last.

News only say that a look is due: what the pull request is now is asked of GitHub then. So marking
twice is as good as once, and the order of deliveries does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, update

from gate.domain.model.hints import Work
from gate.domain.model.ids import RepositoryId, Sha
from gate.store.engine.database import Transaction
from gate.store.engine.due import DueTable
from gate.store.engine.tables.policy_checks import policy_checks

_t: Final = policy_checks.c
rows: Final = DueTable(policy_checks, Work.POLICY_CHECKS)


@dataclass(frozen=True, slots=True)
class WantedCheck:
    """A pull request to look at; `checked_sha` is the commit that was looked at last.

    `generation` counts its news.
    """

    repository_id: RepositoryId
    pull_number: int
    generation: int
    checked_sha: Sha | None


def want_check(tx: Transaction, repository_id: RepositoryId, number: int, now: datetime) -> None:
    """Have a pull request looked at, since there is news of it."""
    rows.mark(tx, {"repository_id": repository_id, "pull_number": number}, now)


def want_again(tx: Transaction, repository_id: RepositoryId, number: int, now: datetime) -> None:
    """Have a known pull request told again what it was told; one that is not known is nobody's."""
    _again(tx, repository_id, _t.pull_number == number, now)


def want_again_at(tx: Transaction, repository_id: RepositoryId, head: Sha, now: datetime) -> None:
    """Do as `want_again` for every pull request that was looked at last at a commit."""
    _again(tx, repository_id, _t.checked_sha == head, now)


def _again(
    tx: Transaction, repository_id: RepositoryId, which: ColumnElement[bool], now: datetime
) -> None:
    tx.execute(
        update(policy_checks)
        .where(_t.repository_id == repository_id, which)
        .values(generation=_t.generation + 1, due_at=now, checked_sha=None)
    )
    rows.note_due(tx, repository_id, now)


def wanted_of(row: Row[Any]) -> WantedCheck:
    """Build what a row asks for."""
    checked = row.checked_sha
    return WantedCheck(
        repository_id=RepositoryId(row.repository_id),
        pull_number=row.pull_number,
        generation=row.generation,
        checked_sha=Sha(checked) if checked is not None else None,
    )
