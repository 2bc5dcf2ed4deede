"""Store what GitHub was given of each incident's issue, and which issues must be looked at.

A row is leased by whoever brings its issue up to date. What came while it was leased makes it due
again at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, bindparam, select, update

from gate.domain.incidents.issue.plan import OPENING, Followed
from gate.domain.model.hints import Work
from gate.domain.model.ids import IncidentId, RepositoryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import DueTable, Taken
from gate.store.engine.tables.incidents import incident_issues, incidents

_t: Final = incident_issues.c


class HandClosing(StrEnum):
    """Whether somebody has closed an issue by hand, and was told what that means: once."""

    NONE = "none"
    OWED = "owed"
    SAID = "said"


@dataclass(frozen=True, slots=True)
class TakenIssue:
    """An issue that is looked at now.

    `begun` names a step that was begun at `begun_at` and whose outcome nobody knows. `refused` is
    why GitHub would not have the last step.
    """

    taken: Taken
    incident_id: IncidentId
    repository_id: RepositoryId
    followed: Followed
    begun: str | None
    begun_at: datetime | None
    refused: str | None


rows: Final = DueTable(incident_issues, Work.ISSUES)
_lock: Final = (
    select(incident_issues).where(_t.incident_id == bindparam("incident")).with_for_update()
)
_number: Final = select(incidents.c.issue_number).where(incidents.c.id == bindparam("incident"))
_own: Final = update(incident_issues).where(_t.incident_id == bindparam("incident"))
_begin: Final = _own.values(begun=bindparam("step"), begun_at=bindparam("new_begun_at"))
_advance: Final = _own.values(
    told=bindparam("new_told"),
    digest=bindparam("new_digest"),
    begun=None,
    begun_at=None,
    refused=None,
)
_turn: Final = _own.where(_t.generation == bindparam("seen")).values(
    is_open=bindparam("new_is_open"), closed_by_hand=bindparam("new_closing")
)
_closed_by_hand: Final = _own.values(
    is_open=False, generation=_t.generation + 1, due_at=bindparam("now")
)
_owe_closing: Final = _own.where(_t.closed_by_hand == HandClosing.NONE.value).values(
    closed_by_hand=HandClosing.OWED.value
)
_reopened_by_hand: Final = _own.values(is_open=True, generation=_t.generation + 1)
_forgive_closing: Final = _own.where(_t.closed_by_hand == HandClosing.OWED.value).values(
    closed_by_hand=HandClosing.NONE.value
)
_opening: Final = (
    select(_t.incident_id)
    .where(_t.repository_id == bindparam("repository"), _t.begun == OPENING)
    .limit(1)
)
_refused: Final = (
    select(_t.refused, _t.repository_id)
    .join(incidents, incidents.c.id == _t.incident_id)
    .where(and_(_t.refused.is_not(None), incidents.c.resolved_at.is_(None)))
    .order_by(_t.incident_id)
)


def mark_issue(
    tx: Transaction, incident_id: IncidentId, repository_id: RepositoryId, now: datetime
) -> None:
    """Let an incident's issue be looked at, since something has happened."""
    values = {
        "incident_id": incident_id,
        "repository_id": repository_id,
        "begun": None,
        "begun_at": None,
        "told": 0,
        "digest": None,
        "is_open": True,
        "closed_by_hand": HandClosing.NONE.value,
        "refused": None,
    }
    rows.mark(tx, values, now)


def taken_issue(tx: Transaction, taken: Taken) -> TakenIssue:
    """Read what a taken row keeps of an issue."""
    number = tx.execute(_number, {"incident": taken.row.incident_id}).first()
    return _taken(taken, number.issue_number if number is not None else None)


def record_begun(
    tx: Transaction, incident_id: IncidentId, step: str | None, now: datetime | None
) -> None:
    """Note that a step is begun, before it is sent; with None that it certainly was not made."""
    tx.execute(_begin, {"incident": incident_id, "step": step, "new_begun_at": now})


def record_step(tx: Transaction, taken: TakenIssue, followed: Followed) -> None:
    """Record what GitHub has now that a step was made.

    What a person has done to the issue meanwhile stays on record.
    """
    own = {"incident": taken.incident_id}
    closing = HandClosing.NONE
    if taken.followed.owes_closing:
        closing = HandClosing.OWED if followed.owes_closing else HandClosing.SAID
    tx.execute(_advance, {**own, "new_told": followed.told, "new_digest": followed.digest})
    row = tx.execute(_lock, own).first()
    if closing is HandClosing.NONE and row is not None:
        closing = HandClosing(row.closed_by_hand)
    tx.execute(
        _turn,
        {
            **own,
            "seen": taken.taken.row.generation,
            "new_is_open": followed.is_open,
            "new_closing": closing.value,
        },
    )


def record_closed_by_hand(
    tx: Transaction, incident_id: IncidentId, now: datetime, *, goes_on: bool
) -> None:
    """Note that somebody has closed an issue; if the incident goes on, they are told so once."""
    own = {"incident": incident_id}
    if goes_on:
        tx.execute(_owe_closing, own)
    tx.execute(_closed_by_hand, {**own, "now": now})
    rows.note_due(tx, incident_id, now)


def record_reopened_by_hand(tx: Transaction, incident_id: IncidentId) -> None:
    """Note that somebody has opened an issue again; what was owed for its closing is not."""
    own = {"incident": incident_id}
    tx.execute(_forgive_closing, own)
    tx.execute(_reopened_by_hand, own)


def is_opening(snapshot: Snapshot, repository_id: RepositoryId) -> bool:
    """Return whether a repository may have an issue of ours whose number is not known yet."""
    return snapshot.execute(_opening, {"repository": repository_id}).first() is not None


def refused_issues(snapshot: Snapshot) -> list[tuple[RepositoryId, str]]:
    """List the repositories whose open incidents have no issue, or an old one, and why."""
    return [
        (RepositoryId(row.repository_id), row.refused)
        for row in snapshot.execute(_refused, {}).all()
    ]


def _taken(taken: Taken, number: int | None) -> TakenIssue:
    row = taken.row
    followed = Followed(
        number=number,
        digest=row.digest,
        is_open=row.is_open,
        told=row.told,
        owes_closing=row.closed_by_hand == HandClosing.OWED,
    )
    return TakenIssue(
        taken=taken,
        incident_id=IncidentId(row.incident_id),
        repository_id=RepositoryId(row.repository_id),
        followed=followed,
        begun=row.begun,
        begun_at=row.begun_at,
        refused=row.refused,
    )
