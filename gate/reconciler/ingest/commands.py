"""Hear the commands that people write in comments: find out who they are, then do or refuse.

The person is looked up first, between transactions. Whoever has no say is turned away with a
reaction at most and not looked up again for a while, whatever they ask. For everybody else the
command is done or refused, put on record and answered in one commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    RefusedCommand,
    Speaker,
    explain_denial,
)
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RequestId
from gate.domain.model.request import GateRequest
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler.backoff import backoff
from gate.reconciler.comments.replies import answer_command
from gate.reconciler.deps import Deps
from gate.reconciler.incidents.commands import Heard, record_refused, settle_command
from gate.reconciler.observe.commenter import Asked, observe_speaker
from gate.reconciler.obstacles import cause
from gate.reconciler.overrides.claims import (
    OverrideGiven,
    override_given,
    record_override_command,
    refuse_override,
    request_meant,
)
from gate.store.comments import commands
from gate.store.comments.commands import COMMAND_KINDS, CommandState, GivenCommand, given_of
from gate.store.comments.replies import Reply, record_reply
from gate.store.engine.database import Snapshot, Transaction
from gate.store.engine.due import Taken
from gate.store.engine.turns import take_turn
from gate.store.github import repositories
from gate.store.incidents import incidents, issues
from gate.store.incidents.incidents import IncidentRecord

_GIVEN_UP_AFTER: Final = timedelta(days=1)
_NUMBER_UNKNOWN: Final = timedelta(seconds=10)
_TO_BE_JUDGED: Final = frozenset({CommandState.PENDING, CommandState.WITHDRAWN})
_LONGEST_ON_RECORD: Final = 200
"""Characters that the trail keeps of what somebody without a say has written."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
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


def judge_taken(taken: Taken, deps: Deps) -> None:
    """Judge one command that waits: find out who gives it, then do it or refuse it."""
    given = given_of(taken.row)
    found = deps.database.read(lambda snapshot: _find(snapshot, given))
    if found is None:
        if not _may_be_opening(given, taken, deps):
            _drop(given, taken, "no_incident", deps)
        return
    if deps.strangers.is_known(given.repository_id, given.person.id, deps.clock()):
        _drop(given, taken, "stranger", deps)
        return
    speaker = _look_up(found, taken, deps)
    if speaker is None:
        return
    deps.failpoint("speaker_known")
    if not (speaker.may_write or speaker.may_override):
        deps.strangers.remember(given.repository_id, given.person.id, deps.clock())
    elif not given.is_related:
        deps.strangers.was_no_stranger(found.repository.installation_id)
    due = deps.database.transact(lambda tx: _settle(tx, found, taken, speaker, deps))
    for request_id in due:
        deps.wakeups.wake_request(request_id)


def _find(snapshot: Snapshot, given: GivenCommand) -> _Found | None:
    """Find what a command is about; None when it can only be about an incident and there is none.

    So it is with the issue of an incident whose number is not known yet.
    """
    repository = repositories.read_repository(snapshot, given.repository_id)
    record = incidents.incident_of_issue(snapshot, given.repository_id, given.issue_number)
    if repository is None or (record is None and isinstance(given.command, IncidentCommand)):
        return None
    override = override_given(given, repository)
    request = request_meant(snapshot, override) if override is not None else None
    meant = request.environment if isinstance(request, GateRequest) else None
    return _Found(given, repository, record, override, meant)


def _may_be_opening(given: GivenCommand, taken: Taken, deps: Deps) -> bool:
    """Come back to a command later when its issue may be an incident's all the same."""
    now = deps.clock()
    is_opening = deps.database.read(lambda it: issues.is_opening(it, given.repository_id))
    if not is_opening or _is_old(taken, now):
        return False
    _postpone(taken, now + _NUMBER_UNKNOWN, deps)
    return True


def _look_up(found: _Found, taken: Taken, deps: Deps) -> Speaker | None:
    """Find out what somebody may; None when that has to wait.

    People unknown to GitHub are looked up at a slow pace, so that many of them do no harm.
    """
    given, now = found.given, deps.clock()
    if not given.is_related:
        at = deps.strangers.next_look_up(found.repository.installation_id, now)
        if at > now:
            _postpone(taken, at, deps)
            return None
    # Only what must be known is asked: what an incident or a hold needs takes more than writing.
    write_is_enough = not (
        isinstance(given.command, DecideCommand | ResolveCommand | SilenceCommand)
        or found.meant is not None
    )
    asked = Asked(given.person, found.repository, found.environment, write_is_enough)
    try:
        return observe_speaker(asked, deps)
    except RetryLater as error:
        if not _is_old(taken, deps.clock()):
            _postpone(taken, deps.clock() + backoff(taken.attempts, error), deps)
            return None
        return _nobody(f"unknown, GitHub did not answer ({cause(error)})")
    except Refused as error:
        return _nobody(f"unknown, GitHub does not show it to the gate ({cause(error)})")


def _is_old(taken: Taken, now: datetime) -> bool:
    is_old: bool = now - taken.row.seen_at > _GIVEN_UP_AFTER
    return is_old


def _nobody(detail: str) -> Speaker:
    """Return a speaker of whom nothing is known, and who therefore may do nothing."""
    return Speaker(is_person=True, may_write=False, may_override=False, detail=detail)


def _postpone(taken: Taken, due_at: datetime, deps: Deps) -> None:
    deps.database.transact(lambda tx: commands.rows.postpone(tx, taken, due_at))
    log.warning("command.postponed", command_key=taken.row.command_key)


def _drop(given: GivenCommand, taken: Taken, reason: str, deps: Deps) -> None:
    """Leave a comment alone: nobody needs an answer."""

    def drop(tx: Transaction) -> None:
        if commands.rows.lock(tx, taken) is not None:
            commands.forget_command(tx, given.key)

    deps.database.transact(drop)
    log.info("command.dropped", command_key=given.key, reason=reason)


def _settle(
    tx: Transaction, found: _Found, taken: Taken, speaker: Speaker, deps: Deps
) -> tuple[RequestId, ...]:
    """Do what a command asks, or refuse it; one that was settled meanwhile is left alone.

    Gives the requests to look at.
    """
    given, now = found.given, deps.clock()
    take_turn(tx, found.repository.installation_id)
    row = commands.rows.lock(tx, taken)
    state = CommandState(row.state) if row is not None else None
    if state is None or state not in _TO_BE_JUDGED:
        return ()
    if not (speaker.may_write or speaker.may_override):
        _turn_away(tx, found, speaker, deps)
        return ()
    command = given.command
    match command:
        case OverrideCommand():
            return _settle_override(tx, found, speaker, deps)
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
                heard = Heard(given, command, found.record, speaker)
                settle_command(tx, heard, state, now)
        case _:
            assert_never(command)
    return ()


def _settle_override(
    tx: Transaction, found: _Found, speaker: Speaker, deps: Deps
) -> tuple[RequestId, ...]:
    """Make a claim of an override, for whoever may; whether it counts the request's pass says."""
    given, now = found.given, deps.clock()
    if found.override is None:
        return ()
    if found.meant is not None and not speaker.may_override:
        detail = explain_denial(given.command, found.meant, speaker)
        why = Unbound(CommandFault.NOT_ELIGIBLE, detail)
        refuse_override(tx, found.override, why, deps)
        _close(tx, given, why.reason, _refusing(why.detail), now)
        return ()
    due = record_override_command(tx, found.override, deps)
    if isinstance(due, Unbound):
        _close(tx, given, due.reason, Answering(Reaction.REFUSED, render_problem(due.detail)), now)
        return ()
    _close(tx, given, "claimed", Answering(Reaction.SEEN), now)
    return due


def _refusing(detail: str) -> Answering:
    return Answering(Reaction.REFUSED, render_refusal(detail))


def _turn_away(tx: Transaction, found: _Found, speaker: Speaker, deps: Deps) -> None:
    """Refuse somebody who has no say, once; who belongs to the repository is told why."""
    given, now = found.given, deps.clock()
    command = given.command
    commands.forget_command(tx, given.key)
    if found.override is not None:
        why = Unbound(CommandFault.NOT_ELIGIBLE, speaker.detail)
        refuse_override(tx, found.override, why, deps, most=_LONGEST_ON_RECORD)
    elif isinstance(command, IncidentCommand) and found.record is not None:
        heard = Heard(given, command, found.record, speaker)
        record_refused(tx, heard, RefusedCommand(CommandFault.NOT_ELIGIBLE, speaker.detail), now)
    answering = Answering(Reaction.REFUSED)
    if given.is_related:
        answering = _refusing(explain_denial(command, found.environment, speaker))
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
