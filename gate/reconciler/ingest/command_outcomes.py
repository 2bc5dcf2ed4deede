"""Do what a command asks, or refuse it, in one transaction with its record and its reply."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, assert_never

from gate.domain.comments.binding import Unbound
from gate.domain.comments.commands import (
    AcknowledgeCommand,
    CommandProblem,
    DecideCommand,
    HelpCommand,
    IncidentCommand,
    OverrideCommand,
    ResolveCommand,
    SilenceCommand,
    UnknownCommand,
)
from gate.domain.comments.replies import (
    Answering,
    Reaction,
    render_help,
    render_problem,
    render_refusal,
    render_unknown,
)
from gate.domain.incidents.command_rule import (
    CommandFault,
    Commenter,
    RefusedCommand,
    explain_denial,
)
from gate.domain.model.deliveries import Repository
from gate.log import get_logger
from gate.reconciler.comments.replies import answer_command
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.commands import CommandCase, record_refused, settle_command
from gate.reconciler.overrides.commands import (
    OverrideGiven,
    record_override_command,
    refuse_override,
)
from gate.store.comments import commands
from gate.store.comments.commands import COMMAND_KINDS, CommandState, GivenCommand
from gate.store.comments.replies import Reply, record_reply
from gate.store.engine.database import Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn
from gate.store.incidents.incidents import IncidentRecord

log = get_logger(__name__)

_TO_BE_JUDGED: Final = frozenset({CommandState.PENDING, CommandState.WITHDRAWN})


_LONGEST_ON_RECORD: Final = 200
"""Characters that the trail keeps of what somebody without a say has written."""


@dataclass(frozen=True, slots=True)
class FoundCommand:
    """What is stored about a command: where it was given, and the hold that it means, if any."""

    given: GivenCommand
    repository: Repository
    record: IncidentRecord | None
    override: OverrideGiven | None
    meant: str | None

    @property
    def environment(self) -> str | None:
        """Name the environment that the command is about; None where it names none."""
        if self.override is not None:
            return self.meant
        return self.record.incident.place.environment if self.record is not None else None


def settle_found(
    tx: Transaction, found: FoundCommand, taken: Taken, commenter: Commenter, deps: Deps
) -> None:
    """Do what a command asks, or refuse it; one that was settled meanwhile is left alone."""
    given, now = found.given, deps.clock()
    take_turn(tx, found.repository.installation_id)
    row = commands.rows.lock(tx, taken)
    state = CommandState(row.state) if row is not None else None
    if state is None or state not in _TO_BE_JUDGED:
        return
    if not (commenter.may_write or commenter.may_override):
        _turn_away(tx, found, commenter, deps)
        return
    command = given.command
    match command:
        case OverrideCommand():
            _settle_override(tx, found, commenter, deps)
        case HelpCommand():
            body = render_help(on_incident=found.record is not None)
            _close(tx, given, "help", Answering(Reaction.SEEN, body), now)
        case CommandProblem(detail, _, usage):
            answering = Answering(Reaction.REFUSED, render_problem(detail, usage))
            _close(tx, given, "problem", answering, now)
        case UnknownCommand():
            commands.finish_command(tx, given.key, CommandState.REFUSED, "unknown")
            _owe_help_once(tx, given, now)
        case AcknowledgeCommand() | DecideCommand() | ResolveCommand() | SilenceCommand():
            if found.record is not None:
                case = CommandCase(given, command, found.record, commenter)
                settle_command(tx, case, state, now)
        case _:
            assert_never(command)


def _settle_override(
    tx: Transaction, found: FoundCommand, commenter: Commenter, deps: Deps
) -> None:
    """Make a claim of an override, for whoever may; whether it counts the request's pass says."""
    given, now = found.given, deps.clock()
    if found.override is None:
        return
    if found.meant is not None and not commenter.may_override:
        detail = explain_denial(given.command, found.meant, commenter)
        why = Unbound(CommandFault.NOT_ELIGIBLE, detail)
        refuse_override(tx, found.override, why, deps)
        _close(tx, given, why.reason, _refusing(why.detail), now)
        return
    fault = record_override_command(tx, found.override, deps)
    if fault is not None:
        answering = Answering(Reaction.REFUSED, render_problem(fault.detail))
        _close(tx, given, fault.reason, answering, now)
        return
    _close(tx, given, "claimed", Answering(Reaction.SEEN), now)


def _refusing(detail: str) -> Answering:
    return Answering(Reaction.REFUSED, render_refusal(detail))


def _turn_away(tx: Transaction, found: FoundCommand, commenter: Commenter, deps: Deps) -> None:
    """Refuse somebody who has no say, once; who belongs to the repository is told why."""
    given, now = found.given, deps.clock()
    command = given.command
    commands.forget_command(tx, given.key)
    if found.override is not None:
        why = Unbound(CommandFault.NOT_ELIGIBLE, commenter.detail)
        refuse_override(tx, found.override, why, deps, most=_LONGEST_ON_RECORD)
    elif isinstance(command, IncidentCommand) and found.record is not None:
        case = CommandCase(given, command, found.record, commenter)
        record_refused(tx, case, RefusedCommand(CommandFault.NOT_ELIGIBLE, commenter.detail), now)
    answering = Answering(Reaction.REFUSED)
    if given.is_related:
        answering = _refusing(explain_denial(command, found.environment, commenter))
    answer_command(tx, given, answering, now)
    log.info("command.refused", command_key=given.key, reason="stranger")


def _close(
    tx: Transaction, given: GivenCommand, outcome: str, answering: Answering, now: datetime
) -> None:
    """Note what became of a command, and owe its answer."""
    kind = COMMAND_KINDS[type(given.command)]
    state = CommandState.ACCEPTED
    if answering.reaction is Reaction.REFUSED:
        state = CommandState.REFUSED
        log.info("command.refused", command_key=given.key, kind=kind, reason=outcome)
    else:
        log.info("command.accepted", command_key=given.key, kind=kind)
    commands.finish_command(tx, given.key, state, outcome)
    answer_command(tx, given, answering, now)


def _owe_help_once(tx: Transaction, given: GivenCommand, now: datetime) -> None:
    """Answer the first unknown command on an issue; the others may be for somebody else."""
    if given.comment_id is None:
        return
    reply = Reply(
        key=f"reply/{given.repository_id}/issue/{given.issue_number}/unknown",
        repository_id=given.repository_id,
        issue_number=given.issue_number,
        comment_id=given.comment_id,
        reaction=Reaction.REFUSED,
        body=render_unknown(),
    )
    record_reply(tx, reply, now)
