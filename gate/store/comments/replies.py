"""Keep the answers that are owed to people's comments, until GitHub has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update

from gate.domain.model.ids import CommentId, RepositoryId
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.prepared import Prepared
from gate.store.engine.tables import replies
from gate.store.engine.upsert import insert_or_ignore

_t: Final = replies.c


class ReplyState(StrEnum):
    """Where a reply stands; after `unknown` GitHub is looked at before it is sent again."""

    INTENDED = "intended"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reaction to a comment and, where there is more to say, a comment below it.

    `key` is natural: the same answer to the same comment is given once.
    """

    key: str
    repository_id: RepositoryId
    issue_number: int
    comment_id: CommentId
    reaction: str
    body: str | None


@dataclass(frozen=True, slots=True)
class OwedReply:
    """A reply that is due, with how often it was tried."""

    reply: Reply
    state: ReplyState
    attempts: int
    written_at: datetime
    due_at: datetime


_insert: Final = insert_or_ignore(replies)
_due: Final = Prepared(
    select(replies)
    .where(_t.due_at.is_not(None), _t.due_at <= bindparam("now"))
    .order_by(_t.due_at)
    .limit(bindparam("most"))
)
_take: Final = Prepared(
    update(replies)
    .where(_t.reply_key == bindparam("own"), _t.due_at == bindparam("seen"))
    .values(
        state=ReplyState.UNKNOWN.value, attempts=_t.attempts + 1, due_at=bindparam("new_due_at")
    )
)
_settle: Final = Prepared(
    update(replies)
    .where(_t.reply_key == bindparam("own"))
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("new_due_at"),
        outcome=bindparam("new_outcome"),
    )
)


def record_reply(tx: Transaction, reply: Reply, now: datetime) -> None:
    """Note that a reply is owed; one that is on record stays as it is."""
    values = {
        "reply_key": reply.key,
        "repository_id": reply.repository_id,
        "issue_number": reply.issue_number,
        "comment_id": reply.comment_id,
        "reaction": reply.reaction,
        "body": reply.body,
        "state": ReplyState.INTENDED.value,
        "attempts": 0,
        "written_at": now,
        "due_at": now,
    }
    _insert.change(tx, values)


def due_replies(snapshot: Snapshot, now: datetime, limit: int) -> list[OwedReply]:
    """List the replies to send, longest due first."""
    return [_owed(row) for row in _due.rows(snapshot, {"now": now, "most": limit})]


def take_reply(tx: Transaction, owed: OwedReply, until: datetime) -> bool:
    """Begin an attempt, unless another node has; should it never end, it is due again `until`.

    From then on GitHub may have the reply, whatever becomes of this process.
    """
    values = {"own": owed.reply.key, "seen": owed.due_at, "new_due_at": until}
    return _take.change(tx, values) == 1


def record_reply_outcome(
    tx: Transaction, key: str, state: ReplyState, outcome: str, due_at: datetime | None
) -> None:
    """Record what an attempt came to, and when to try again."""
    values: dict[str, Any] = {
        "own": key,
        "new_state": state.value,
        "new_due_at": due_at,
        "new_outcome": outcome,
    }
    _settle.change(tx, values)


def _owed(row: Row[Any]) -> OwedReply:
    reply = Reply(
        key=row.reply_key,
        repository_id=RepositoryId(row.repository_id),
        issue_number=row.issue_number,
        comment_id=CommentId(row.comment_id),
        reaction=row.reaction,
        body=row.body,
    )
    return OwedReply(reply, ReplyState(row.state), row.attempts, row.written_at, row.due_at)
