"""Send the answers that are owed to people's comments.

A reaction may be sent twice without harm. A comment may not: it carries an invisible mark, and
after an attempt that nobody knows the end of the marks are looked for first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gate.domain.model.github import RepositoryAddress
from gate.errors import GateError, OutcomeUnknown, Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.store.comments import replies
from gate.store.comments.replies import OwedReply, Reply, ReplyState
from gate.store.engine.database import Snapshot
from gate.store.github import repositories

_AT_ONCE: Final = 50
_GIVEN_UP_AFTER: Final = timedelta(days=1)
_CLOCKS_APART: Final = timedelta(minutes=5)

log = get_logger(__name__)


def send_replies(deps: Deps) -> None:
    """Send what is due; one that fails holds up no other."""
    now = deps.clock()
    owed = deps.database.read(lambda snapshot: replies.due_replies(snapshot, now, _AT_ONCE))
    for it in owed:
        _send(it, deps)


def _send(owed: OwedReply, deps: Deps) -> None:
    """Try one reply, and record what came of it."""
    reply, until = owed.reply, deps.clock() + LEASE
    if not deps.database.transact(lambda tx: replies.take_reply(tx, owed, until)):
        return
    state, outcome = ReplyState.DONE, "sent"
    error: GateError | None = None
    try:
        address = deps.database.read(lambda snapshot: _address(snapshot, reply))
        deps.github.send_reaction(address, reply.comment_id, reply.reaction)
        if reply.body is not None and not _is_there(owed, address, deps):
            deps.github.send_comment(address, reply.issue_number, f"{reply.body}\n\n{_mark(reply)}")
    except OutcomeUnknown as unknown:
        state, outcome, error = ReplyState.UNKNOWN, unknown.reason, unknown
    except RetryLater as later:
        state, outcome, error = owed.state, later.reason, later
    except Refused as refused:
        state, outcome = ReplyState.REFUSED, refused.reason
    deps.failpoint("replied")
    _record(owed, state, outcome, error, deps)


def _address(snapshot: Snapshot, reply: Reply) -> RepositoryAddress:
    repository = repositories.read_repository(snapshot, reply.repository_id)
    if repository is None:
        raise Refused("not_found", f"repository {reply.repository_id}")
    return repository.address


def _is_there(owed: OwedReply, address: RepositoryAddress, deps: Deps) -> bool:
    """Look whether an attempt whose answer was lost has arrived."""
    if owed.state is not ReplyState.UNKNOWN:
        return False
    since = owed.written_at - _CLOCKS_APART
    written = deps.github.read_comments(address, owed.reply.issue_number, since)
    return any(_mark(owed.reply) in text for text in written)


def _mark(reply: Reply) -> str:
    """Mark a comment as this very reply; GitHub does not show it."""
    return f"<!-- gate:{reply.key} -->"


def _record(
    owed: OwedReply, state: ReplyState, outcome: str, error: GateError | None, deps: Deps
) -> None:
    """Record what an attempt came to; one that keeps failing is given up after a day."""
    now = deps.clock()
    due_at = None
    if error is not None:
        due_at = now + backoff(owed.attempts + 1, error)
        if due_at - owed.written_at > _GIVEN_UP_AFTER:
            state, due_at = ReplyState.REFUSED, None
    key = owed.reply.key
    deps.database.transact(lambda tx: replies.record_reply_outcome(tx, key, state, outcome, due_at))
    write = log.info if state is ReplyState.DONE else log.warning
    write("reply.finished", reply_key=key, status=state, outcome=outcome)
