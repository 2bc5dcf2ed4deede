"""Store the answers that are owed to people's comments, until GitHub has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row

from gate.domain.model.hints import Work
from gate.domain.model.ids import CommentId, RepositoryId
from gate.store.engine.database import Transaction
from gate.store.engine.due import FRESH, DueTable
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.comments import replies


class ReplyState(StrEnum):
    """Where a reply stands."""

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reaction to a comment and, where there is more to write, a comment below it.

    `key` is natural: the same reply to the same comment is sent once.
    """

    key: str
    repository_id: RepositoryId
    issue_number: int
    comment_id: CommentId
    reaction: str
    body: str | None


_insert: Final = insert_or_ignore(replies)
rows: Final = DueTable(replies, Work.REPLIES)


def record_reply(tx: Transaction, reply: Reply, now: datetime) -> None:
    """Record that a reply is owed; one that is on record stays as it is."""
    values = {
        "reply_key": reply.key,
        "repository_id": reply.repository_id,
        "issue_number": reply.issue_number,
        "comment_id": reply.comment_id,
        "reaction": reply.reaction,
        "body": reply.body,
        "state": ReplyState.INTENDED.value,
        "written_at": now,
        "due_at": now,
    }
    _insert.change(tx, {**values, **FRESH})
    rows.note_due(tx, reply.key, now)


def reply_of(row: Row[Any]) -> Reply:
    """Build the reply that a row keeps."""
    return Reply(
        key=row.reply_key,
        repository_id=RepositoryId(row.repository_id),
        issue_number=row.issue_number,
        comment_id=CommentId(row.comment_id),
        reaction=row.reaction,
        body=row.body,
    )
