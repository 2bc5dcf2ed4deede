"""Do what people ask on incidents' issues, if they may; who may is looked up now.

The person is looked up first, between transactions. Then the command is judged and done, put on
record and answered in one commit: it happens once, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

from gate.domain.command_rule import RefusedCommand, Speaker, judge_command
from gate.domain.commands import (
    AcknowledgeCommand,
    DecideCommand,
    ResolveCommand,
    SilenceCommand,
)
from gate.domain.deliveries import Repository
from gate.domain.ids import IncidentId
from gate.domain.replying import (
    Answering,
    Reaction,
    render_acknowledged_before,
    render_refusal,
)
from gate.errors import Refused, RetryLater
from gate.log import get_logger
from gate.reconciler import responding
from gate.reconciler.answering import CommentPlace, owe_answer
from gate.reconciler.backoff import backoff
from gate.reconciler.deps import LEASE, Deps
from gate.reconciler.speaking import observe_speaker
from gate.store import commands, incident_issues, incidents, repositories
from gate.store.audit import AuditEntry, record_audit
from gate.store.commands import COMMAND_KINDS, CommandState, GivenCommand, PendingCommand
from gate.store.database import Snapshot, Transaction
from gate.store.incidents import IncidentRecord

_AT_ONCE: Final = 50
_GIVEN_UP_AFTER: Final = timedelta(days=1)
_NUMBER_UNKNOWN: Final = timedelta(seconds=10)
_TO_BE_JUDGED: Final = frozenset({CommandState.PENDING, CommandState.WITHDRAWN})
_OUTCOME: Final = "1"
"""The topic of a command's answer: it gets one."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A command with the incident that it is about and whoever gives it."""

    given: GivenCommand
    record: IncidentRecord
    speaker: Speaker


def heed_commands(deps: Deps) -> None:
    """Judge the commands that wait, in the order in which they were given."""
    now = deps.clock()
    due = deps.database.read(lambda snapshot: commands.due_commands(snapshot, now, _AT_ONCE))
    for pending in due:
        _heed(pending, deps)


def _heed(pending: PendingCommand, deps: Deps) -> None:
    given, until = pending.given, deps.clock() + LEASE
    if not deps.database.transact(lambda tx: commands.take_command(tx, pending, until)):
        return
    record, repository, is_opening = deps.database.read(lambda it: _found(it, given))
    if record is None or repository is None:
        if is_opening and not _is_old(pending, deps.clock()):
            _postpone(given, deps.clock() + _NUMBER_UNKNOWN, deps)
        else:
            _drop(given, deps)
        return
    environment = record.incident.place.environment
    try:
        speaker = observe_speaker(given.command, given.person, repository, environment, deps)
    except RetryLater as error:
        if not _is_old(pending, deps.clock()):
            _postpone(given, deps.clock() + backoff(pending.attempts + 1, error), deps)
            return
        speaker = _nobody(f"they could not be looked up ({error.reason})")
    except Refused as error:
        speaker = _nobody(f"GitHub does not let the gate look them up ({error.reason})")
    deps.failpoint("speaker_known")
    deps.database.transact(lambda tx: _settle(tx, _Heard(given, record, speaker), deps))


def _found(
    snapshot: Snapshot, given: GivenCommand
) -> tuple[IncidentRecord | None, Repository | None, bool]:
    repository_id = given.repository_id
    return (
        incidents.incident_of_issue(snapshot, repository_id, given.issue_number),
        repositories.read_repository(snapshot, repository_id),
        incident_issues.is_opening(snapshot, repository_id),
    )


def _is_old(pending: PendingCommand, now: datetime) -> bool:
    return now - pending.seen_at > _GIVEN_UP_AFTER


def _nobody(detail: str) -> Speaker:
    """Give somebody of whom nothing is known: then nothing is done on their word."""
    return Speaker(is_person=True, may_write=False, may_override=False, detail=detail)


def _postpone(given: GivenCommand, due_at: datetime, deps: Deps) -> None:
    deps.database.transact(lambda tx: commands.postpone_command(tx, given.key, due_at))
    log.warning("command.postponed", command_key=given.key)


def _drop(given: GivenCommand, deps: Deps) -> None:
    """Leave a comment alone that turns out to be on an issue of no incident."""
    deps.database.transact(
        lambda tx: commands.finish_command(tx, given.key, CommandState.REFUSED, "no_incident")
    )


def _settle(tx: Transaction, heard: _Heard, deps: Deps) -> None:
    """Judge a command and do it; one that was settled meanwhile is left alone."""
    given, now = heard.given, deps.clock()
    state = commands.lock_command(tx, given.key)
    if state not in _TO_BE_JUDGED:
        return
    record = responding.lock_to_act(tx, heard.record.incident.id, now)
    incident = record.incident if record is not None else None
    is_standing = state is CommandState.PENDING
    refused = judge_command(given.command, incident, heard.speaker, is_standing=is_standing)
    if refused is not None:
        _refuse(tx, heard, refused, now)
        return
    commands.finish_command(tx, given.key, CommandState.ACCEPTED, "done")
    detail: dict[str, object] = {"standing": heard.speaker.detail}
    record_audit(tx, _entry(heard, "command.accepted", None, detail, now))
    _answer(tx, given, _do(tx, heard.record.incident.id, given, now), now)
    log.info("command.accepted", command_key=given.key, kind=COMMAND_KINDS[type(given.command)])


def _do(tx: Transaction, incident_id: IncidentId, given: GivenCommand, now: datetime) -> Answering:
    command, actor = given.command, given.person.login
    match command:
        case AcknowledgeCommand():
            if not responding.acknowledge(tx, incident_id, actor, now):
                return _acknowledged_before(tx, incident_id)
        case DecideCommand(course, why):
            responding.decide(tx, incident_id, course, why, actor=actor, now=now)
        case ResolveCommand(why):
            responding.resolve(tx, incident_id, why, actor=actor, now=now)
        case SilenceCommand(length, why):
            responding.silence(tx, incident_id, now + length, why, actor=actor, now=now)
        case _:
            assert_never(command)
    return Answering(Reaction.DONE)


def _acknowledged_before(tx: Transaction, incident_id: IncidentId) -> Answering:
    record = incidents.read_incident(tx, incident_id)
    word = record.incident.acknowledged if record is not None else None
    body = render_acknowledged_before(word.actor) if word is not None else None
    return Answering(Reaction.SEEN, body)


def _refuse(tx: Transaction, heard: _Heard, refused: RefusedCommand, now: datetime) -> None:
    given = heard.given
    commands.finish_command(tx, given.key, CommandState.REFUSED, refused.fault)
    detail: dict[str, object] = {"detail": refused.detail}
    record_audit(tx, _entry(heard, "command.refused", refused.fault, detail, now))
    _answer(tx, given, Answering(Reaction.REFUSED, render_refusal(refused.detail)), now)
    log.info("command.refused", command_key=given.key, reason=refused.fault)


def _answer(tx: Transaction, given: GivenCommand, answering: Answering, now: datetime) -> None:
    """Owe a comment its answer; an assignment has none below which to write."""
    if given.comment_id is None:
        return
    place = CommentPlace(given.repository_id, given.issue_number, given.comment_id)
    owe_answer(tx, place, answering, topic=_OUTCOME, now=now)


def _entry(
    heard: _Heard, kind: str, reason: str | None, detail: dict[str, object], now: datetime
) -> AuditEntry:
    given, incident = heard.given, heard.record.incident
    said = {
        "command": COMMAND_KINDS[type(given.command)],
        "person_id": given.person.id,
        "url": given.url,
    }
    actor = given.person.login
    return responding.incident_entry(
        incident, kind, now, actor=actor, reason=reason, detail={**said, **detail}
    )
