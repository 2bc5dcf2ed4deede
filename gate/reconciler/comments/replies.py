"""Owe answers to people's comments; `gate.reconciler.comments.sending` sends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gate.domain.comments.replies import Answering
from gate.domain.model.ids import CommentId, RepositoryId
from gate.store.comments.commands import GivenCommand
from gate.store.comments.replies import Reply, record_reply
from gate.store.engine.database import Transaction

_FIRST: Final = "1"
"""The topic of the answer that a comment gets when its command is settled."""


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


def answer_command(
    tx: Transaction, given: GivenCommand, answering: Answering, now: datetime
) -> None:
    """Owe a command its answer; an assignment has none below which to write."""
    if given.comment_id is None:
        return
    place = CommentPlace(given.repository_id, given.issue_number, given.comment_id)
    owe_answer(tx, place, answering, topic=_FIRST, now=now)
