"""Owe replies to people's comments, and send them.

A reaction may be sent twice without harm. A comment may not: it carries an invisible mark, and
after a try whose end nobody knows the marks are looked for first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gate.domain.comments.replies import Answering
from gate.domain.model.github import RepositoryAddress
from gate.domain.model.ids import CommentId, RepositoryId
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deadlines import SEEN_AFTER, while_leased
from gate.reconciler.deps import Deps
from gate.store.comments import replies
from gate.store.comments.commands import GivenCommand
from gate.store.comments.replies import Reply, ReplyState, record_reply, reply_of
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import Taken
from gate.store.github import repositories

_SETTLED: Final = "1"
"""The topic of the reply that a comment gets when its command is settled."""

_GIVEN_UP_AFTER: Final = timedelta(days=1)
_CLOCKS_APART: Final = timedelta(minutes=5)

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CommentPlace:
    """Where a comment stands."""

    repository_id: RepositoryId
    issue_number: int
    comment_id: CommentId


def owe_answer(
    tx: Transaction, place: CommentPlace, answering: Answering, *, topic: str, now: datetime
) -> None:
    """Owe a comment a reply; one reply is sent for each topic, however often it is owed."""
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
    """Owe a command its reply; an assignment has no comment below which to write."""
    if given.comment_id is None:
        return
    place = CommentPlace(given.repository_id, given.issue_number, given.comment_id)
    owe_answer(tx, place, answering, topic=_SETTLED, now=now)


def send_reply(taken: Taken, deps: Deps) -> None:
    """Try one reply, and record what came of it; it is given up after a day."""
    reply = reply_of(taken.row)
    state, outcome = ReplyState.DONE, "sent"
    error: GateError | None = None
    is_leased = while_leased(taken, deps)
    deps.failpoint("replying")
    try:
        address = deps.database.read(lambda snapshot: _address(snapshot, reply))
        deps.github.issues.send_reaction(
            address, reply.comment_id, reply.reaction, is_timely=is_leased
        )
        if reply.body is not None and not _is_there(reply, taken, address, deps):
            deps.github.issues.send_comment(
                address,
                reply.issue_number,
                f"{reply.body}\n\n{_mark(reply)}",
                is_timely=is_leased,
            )
    except (OutcomeUnknown, RetryLater) as later:
        state, outcome, error = ReplyState.INTENDED, later.reason, later
    except Refused as refused:
        state, outcome = ReplyState.REFUSED, refused.reason
    deps.failpoint("replied")
    if error is not None:
        pause = backoff(taken.attempts, error)
        if isinstance(error, OutcomeUnknown):
            # Only then is a comment that is not to be seen one that was not written.
            pause = max(pause, SEEN_AFTER)
        due_at = deps.clock() + pause
        if due_at - taken.row.written_at <= _GIVEN_UP_AFTER:
            deps.database.transact(
                lambda tx: replies.rows.postpone(tx, taken, due_at, outcome=outcome)
            )
            log.warning("reply.finished", reply_key=reply.key, status=state, outcome=outcome)
            return
        state = ReplyState.REFUSED
    settled = state.value
    if not deps.database.transact(
        lambda tx: replies.rows.settle(tx, taken, state=settled, outcome=outcome)
    ):
        return
    write = log.info if state is ReplyState.DONE else log.warning
    write("reply.finished", reply_key=reply.key, status=state, outcome=outcome)


def _address(snapshot: Snapshot, reply: Reply) -> RepositoryAddress:
    repository = repositories.read_repository(snapshot, reply.repository_id)
    if repository is None:
        raise Refused("not_found", f"repository {reply.repository_id}")
    return repository.address


def _is_there(reply: Reply, taken: Taken, address: RepositoryAddress, deps: Deps) -> bool:
    """Look whether a try before this one has arrived; if it may have, it was long enough ago."""
    if taken.attempts == 1:
        return False
    since = taken.row.written_at - _CLOCKS_APART
    written = deps.github.issues.read_comments(address, reply.issue_number, since)
    return any(_mark(reply) in text for text in written)


def _mark(reply: Reply) -> str:
    """Mark a comment as this very reply; GitHub does not show it."""
    return f"<!-- gate:{reply.key} -->"
