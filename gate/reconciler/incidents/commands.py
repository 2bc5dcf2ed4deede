"""Do what people ask about incidents, once it is known what they may.

In one commit the command is judged and done, put on record and answered: it happens once, or not
at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    DecideCommand,
    IncidentCommand,
    ResolveCommand,
    SilenceCommand,
)
from gate.domain.comments.replies import (
    Answering,
    Reaction,
    render_acknowledged_before,
    render_refusal,
)
from gate.domain.incidents.command_rule import Commenter, RefusedCommand, judge_command
from gate.domain.model.ids import IncidentId
from gate.log import get_logger
from gate.reconciler.comments.replies import answer_command
from gate.reconciler.incidents import timeline
from gate.reconciler.trail import incident_entry
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.comments import commands
from gate.store.comments.commands import COMMAND_KINDS, CommandState, GivenCommand
from gate.store.engine.database import Transaction
from gate.store.incidents import incidents
from gate.store.incidents.incidents import IncidentRecord

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CommandCase:
    """A command with the incident that it is about and whoever gives it."""

    given: GivenCommand
    command: IncidentCommand
    record: IncidentRecord
    commenter: Commenter


def settle_command(tx: Transaction, case: CommandCase, state: CommandState, now: datetime) -> None:
    """Judge a command that is locked in `state`, and do it."""
    given = case.given
    record = timeline.lock_to_act(tx, case.record.incident.id, now)
    incident = record.incident if record is not None else None
    is_standing = state is CommandState.PENDING
    refused = judge_command(case.command, incident, case.commenter, is_standing=is_standing)
    if refused is not None:
        _refuse(tx, case, refused, now)
        return
    commands.finish_command(tx, given.key, CommandState.ACCEPTED, "done")
    detail: dict[str, object] = {"standing": case.commenter.detail}
    record_audit(tx, _entry(case, "command.accepted", None, detail, now))
    answer_command(tx, given, _do(tx, case, now), now)
    log.info("command.accepted", command_key=given.key, kind=COMMAND_KINDS[type(given.command)])


def _do(tx: Transaction, case: CommandCase, now: datetime) -> Answering:
    incident_id, actor = case.record.incident.id, case.given.person.login
    match case.command:
        case AcknowledgeCommand():
            if not timeline.record_acknowledged(tx, incident_id, actor, now):
                return _acknowledged_before(tx, incident_id)
        case DecideCommand(course, why):
            timeline.record_decided(tx, incident_id, course, why, actor=actor, now=now)
        case ResolveCommand(why):
            timeline.record_resolved(tx, incident_id, why, actor=actor, now=now)
        case SilenceCommand(length, why):
            timeline.record_silenced(tx, incident_id, now + length, why, actor=actor, now=now)
        case _:
            assert_never(case.command)
    return Answering(Reaction.DONE)


def _acknowledged_before(tx: Transaction, incident_id: IncidentId) -> Answering:
    record = incidents.read_incident(tx, incident_id)
    word = record.incident.acknowledged if record is not None else None
    body = render_acknowledged_before(word.actor) if word is not None else None
    return Answering(Reaction.SEEN, body)


def record_refused(
    tx: Transaction, case: CommandCase, refused: RefusedCommand, now: datetime
) -> None:
    """Put on record that a command does nothing."""
    detail: dict[str, object] = {"detail": refused.detail}
    record_audit(tx, _entry(case, "command.refused", refused.fault, detail, now))


def _refuse(tx: Transaction, case: CommandCase, refused: RefusedCommand, now: datetime) -> None:
    given = case.given
    commands.finish_command(tx, given.key, CommandState.REFUSED, refused.fault)
    record_refused(tx, case, refused, now)
    answer_command(tx, given, Answering(Reaction.REFUSED, render_refusal(refused.detail)), now)
    log.info("command.refused", command_key=given.key, reason=refused.fault)


def _entry(
    case: CommandCase, kind: str, reason: str | None, detail: dict[str, object], now: datetime
) -> AuditEntry:
    given, incident = case.given, case.record.incident
    said = {
        "command": COMMAND_KINDS[type(case.command)],
        "person_id": given.person.id,
        "url": given.url,
    }
    actor = given.person.login
    return incident_entry(
        incident, kind, now, actor=actor, reason=reason, detail={**said, **detail}
    )
