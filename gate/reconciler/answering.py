"""Owe answers to people's comments; `gate.reconciler.replying` sends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.ids import CommentId, RepositoryId
from gate.domain.replying import Answering
from gate.store.database import Transaction
from gate.store.replies import Reply, record_reply


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """Where a comment stands."""

    repository_id: RepositoryId
    issue_number: int
    comment_id: CommentId


def owe_answer(
    tx: Transaction, place: CommentPlace, answering: Answering, *, topic: str, now: datetime
) -> None:
    """Owe a comment an answer; one answer is given for each topic, however often it is owed."""
    reply = Reply(
        key=f"reply/{place.repository_id}/{place.comment_id}/{topic}",
        repository_id=place.repository_id,
        issue_number=place.issue_number,
        comment_id=place.comment_id,
        reaction=answering.reaction,
        body=answering.body,
    )
    record_reply(tx, reply, now)
