"""Record commands in comments, and what people do to an incident's issue.

Runs in the transaction that marks the delivery as read, and makes no calls: who may give a command,
and who gets a reply, is found out later by `gate.reconciler.ingest.commands`. Anyone may comment on
a public repository, so the number of stored commands is limited.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    CommandProblem,
    HelpCommand,
    OverrideCommand,
    ParsedCommand,
    UnknownCommand,
    parse_command,
)
from gate.domain.model.deliveries import CommentSeen, IssueChange, IssueChanged
from gate.domain.model.ids import RequestId
from gate.domain.overrides.rationale import cap_rationale
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.overrides.claims import withdraw_claims
from gate.store.comments import commands
from gate.store.comments.commands import GivenCommand
from gate.store.engine.database import Transaction
from gate.store.incidents import incidents, issues

MOST_OF_A_STRANGER: Final = 2
"""Waiting commands of one person who, according to GitHub, has no role in the repository."""

MOST_OF_A_MEMBER: Final = 20
MOST_OF_STRANGERS: Final = 200

_EVERYWHERE: Final = frozenset({"override", "help"})
"""Commands that count on any issue, so that the gate answers typos in them there too."""

log = get_logger(__name__)


def record_comment(tx: Transaction, seen: CommentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Record a command in a comment, or that a comment was edited or deleted.

    Comments of Apps and bots, including ours, are never commands. Returns the requests to process.
    """
    if not seen.is_standing:
        return _withdraw(tx, seen, deps)
    said = parse_command(seen.body) if seen.is_person else None
    if said is not None and _is_for_us(tx, seen, said) and not _is_too_much(tx, seen, deps):
        if isinstance(said, OverrideCommand):
            said = replace(said, rationale=cap_rationale(said.rationale))
        commands.record_command(tx, _given(seen, said), deps.clock())
    return ()


def _is_for_us(tx: Transaction, seen: CommentSeen, said: ParsedCommand) -> bool:
    """Return whether a command on this issue is for the gate.

    On other issues than an incident's, other commands and typos may be for another App.
    """
    match said:
        case OverrideCommand() | HelpCommand():
            return True
        case CommandProblem(meant=meant):
            return meant in _EVERYWHERE or _is_known(tx, seen)
        case UnknownCommand():
            return _is_known(tx, seen)
        case _:
            return _may_be_known(tx, seen)


def _is_too_much(tx: Transaction, seen: CommentSeen, deps: Deps) -> bool:
    """Return whether to ignore a comment, because its author has no access or wrote too many."""
    if deps.strangers.is_known(seen.repository.id, seen.author.id, deps.clock()):
        reason = "stranger"
    else:
        waiting = commands.count_waiting(tx, seen.repository.id, seen.author.id)
        most = MOST_OF_A_MEMBER if seen.is_related else MOST_OF_A_STRANGER
        is_crowded = not seen.is_related and waiting.of_strangers >= MOST_OF_STRANGERS
        if waiting.of_person < most and not is_crowded:
            return False
        reason = "too_many"
    log.warning(
        "comment.ignored",
        repository_id=seen.repository.id,
        comment_id=seen.comment_id,
        person_id=seen.author.id,
        reason=reason,
    )
    return True


def _withdraw(tx: Transaction, seen: CommentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Withdraw what a comment said, even if the gate sees the comment only later."""
    if seen.is_person and _may_be_known(tx, seen):
        # Whatever it asked for: nobody can tell any more what stood there.
        commands.withdraw_command(tx, _given(seen, AcknowledgeCommand()), deps.clock())
    return withdraw_claims(tx, seen, deps)


def record_issue_change(tx: Transaction, seen: IssueChanged, deps: Deps) -> None:
    """Record what a person did to an incident's issue; other issues are ignored.

    Assigning it acknowledges the incident. Closing it does not resolve the incident. The gate
    ignores what bots do, so that it does not fight with them.
    """
    if not seen.is_person:
        return
    record = incidents.incident_of_issue(tx, seen.repository.id, seen.issue_number)
    if record is None:
        return
    incident, now = record.incident, deps.clock()
    match seen.change:
        case IssueChange.ASSIGNED:
            commands.record_command(tx, _assignment(seen), now)
        case IssueChange.CLOSED:
            issues.record_closed_by_hand(tx, incident.id, now, goes_on=incident.is_open)
        case IssueChange.REOPENED:
            # Of an incident that is over the issue stays as people want it.
            if incident.is_open:
                issues.record_reopened_by_hand(tx, incident.id)
        case _:
            assert_never(seen.change)


def _is_known(tx: Transaction, seen: CommentSeen) -> bool:
    """Return whether an issue is an incident's."""
    return incidents.incident_of_issue(tx, seen.repository.id, seen.issue_number) is not None


def _may_be_known(tx: Transaction, seen: CommentSeen) -> bool:
    """Return whether an issue is an incident's, or may be one whose number is unknown yet."""
    return _is_known(tx, seen) or issues.is_opening(tx, seen.repository.id)


def _given(seen: CommentSeen, command: ParsedCommand) -> GivenCommand:
    return GivenCommand(
        key=commands.comment_key(seen.repository.id, seen.comment_id),
        repository_id=seen.repository.id,
        issue_number=seen.issue_number,
        comment_id=seen.comment_id,
        person=seen.author,
        command=command,
        given_at=seen.at,
        url=seen.url,
        is_related=seen.is_related,
    )


def _assignment(seen: IssueChanged) -> GivenCommand:
    """Return the acknowledgement by the person who assigned the issue."""
    by = seen.by
    return GivenCommand(
        key=f"assigned/{seen.repository.id}/{seen.issue_number}/{by.id}/{seen.at:%Y%m%dT%H%M%S}",
        repository_id=seen.repository.id,
        issue_number=seen.issue_number,
        comment_id=None,
        person=by,
        command=AcknowledgeCommand(),
        given_at=seen.at,
        url=seen.url,
        # Nobody can assign an issue without a role in the repository.
        is_related=True,
    )
