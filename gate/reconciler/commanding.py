"""Take up what people say in comments, and what they do to an incident's issue.

Runs in the transaction that marks the delivery as read, and asks nobody anything: whether somebody
may do what they ask is found out by `gate.reconciler.heeding`. Overrides are claims on requests and
go to `gate.reconciler.claiming`, whichever issue they are written on.
"""

from __future__ import annotations

from typing import Final, assert_never

from gate.domain.commands import (
    AcknowledgeCommand,
    CommandProblem,
    HelpCommand,
    IncidentCommand,
    OverrideCommand,
    UnknownCommand,
    parse_command,
)
from gate.domain.deliveries import CommentSeen, IssueChange, IssueChanged
from gate.domain.ids import RequestId
from gate.domain.replying import (
    Answering,
    Reaction,
    render_help,
    render_problem,
    render_unknown,
)
from gate.reconciler.answering import CommentPlace, owe_answer
from gate.reconciler.claiming import record_override_command, withdraw_claims
from gate.reconciler.deps import Deps
from gate.store import commands, incident_issues, incidents
from gate.store.commands import GivenCommand
from gate.store.database import Transaction
from gate.store.replies import Reply, record_reply

_FIRST: Final = "1"
"""The topic of the answer that a comment gets when it is read."""

_EVERYWHERE: Final = frozenset({"override", "help"})
"""Commands that count on any issue, so that a slip in them is answered there, too."""


def record_comment(tx: Transaction, seen: CommentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Record a command in a comment, or that a comment does not stand any more.

    Comments of Apps and bots, ours among them, are never commands. Gives the requests to look at.
    """
    if not seen.is_standing:
        return _withdraw(tx, seen, deps)
    command = parse_command(seen.body) if seen.is_person else None
    if isinstance(command, OverrideCommand):
        return record_override_command(tx, seen, command, deps)
    if isinstance(command, HelpCommand):
        body = render_help(on_incident=_is_known(tx, seen))
        _answer(tx, seen, Answering(Reaction.SEEN, body), deps)
    elif isinstance(command, CommandProblem) and command.meant in _EVERYWHERE:
        _answer(tx, seen, Answering(Reaction.REFUSED, render_problem(command.detail)), deps)
    elif isinstance(command, CommandProblem | UnknownCommand):
        _answer_mistake(tx, seen, command, deps)
    elif command is not None and _may_be_known(tx, seen):
        commands.record_command(tx, _given(seen, command), deps.clock())
    return ()


def _answer_mistake(
    tx: Transaction, seen: CommentSeen, mistake: CommandProblem | UnknownCommand, deps: Deps
) -> None:
    """Answer what cannot be done on an incident's issue; on others it need not be for the gate."""
    if not _is_known(tx, seen):
        return
    match mistake:
        case CommandProblem(detail):
            _answer(tx, seen, Answering(Reaction.REFUSED, render_problem(detail)), deps)
        case UnknownCommand():
            _owe_help_once(tx, seen, deps)
        case _:
            assert_never(mistake)


def _withdraw(tx: Transaction, seen: CommentSeen, deps: Deps) -> tuple[RequestId, ...]:
    """Take back what a comment said; should it be seen only later, it counts no more either."""
    if seen.is_person and _may_be_known(tx, seen):
        # Whatever it asked for: nobody can tell any more what stood there.
        commands.withdraw_command(tx, _given(seen, AcknowledgeCommand()), deps.clock())
    return withdraw_claims(tx, seen, deps)


def record_issue_change(tx: Transaction, seen: IssueChanged, deps: Deps) -> None:
    """Record what a person did to an incident's issue; any other issue is none of ours.

    Assigning it says that somebody looks after the incident. Closing it does not end the incident.
    What bots do is left alone, so that the gate does not quarrel with them.
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
            incident_issues.record_closed_by_hand(tx, incident.id, now, goes_on=incident.is_open)
        case IssueChange.REOPENED:
            # Of an incident that is over the issue stays as people want it.
            if incident.is_open:
                incident_issues.record_reopened_by_hand(tx, incident.id)
        case _:
            assert_never(seen.change)


def _is_known(tx: Transaction, seen: CommentSeen) -> bool:
    """Say whether an issue is an incident's."""
    return incidents.incident_of_issue(tx, seen.repository.id, seen.issue_number) is not None


def _may_be_known(tx: Transaction, seen: CommentSeen) -> bool:
    """Say whether an issue is an incident's, or may be one whose number is not known yet."""
    return _is_known(tx, seen) or incident_issues.is_opening(tx, seen.repository.id)


def _given(seen: CommentSeen, command: IncidentCommand) -> GivenCommand:
    return GivenCommand(
        key=commands.comment_key(seen.repository.id, seen.comment_id),
        repository_id=seen.repository.id,
        issue_number=seen.issue_number,
        comment_id=seen.comment_id,
        person=seen.author,
        command=command,
        given_at=seen.at,
        url=seen.url,
    )


def _assignment(seen: IssueChanged) -> GivenCommand:
    """Take an assignment for an acknowledgement by whoever assigned: they have seen it."""
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
    )


def _owe_help_once(tx: Transaction, seen: CommentSeen, deps: Deps) -> None:
    """Answer the first unknown command on an issue; the others may be for somebody else."""
    reply = Reply(
        key=f"reply/{seen.repository.id}/issue/{seen.issue_number}/unknown",
        repository_id=seen.repository.id,
        issue_number=seen.issue_number,
        comment_id=seen.comment_id,
        reaction=Reaction.REFUSED,
        body=render_unknown(),
    )
    record_reply(tx, reply, deps.clock())


def _answer(tx: Transaction, seen: CommentSeen, answering: Answering, deps: Deps) -> None:
    """Owe the comment its first answer."""
    place = CommentPlace(seen.repository.id, seen.issue_number, seen.comment_id)
    owe_answer(tx, place, answering, topic=_FIRST, now=deps.clock())
