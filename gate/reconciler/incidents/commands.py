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
from gate.domain.incidents.command_rule import RefusedCommand, Speaker, judge_command
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
class Heard:
    """A command with the incident that it is about and whoever gives it."""

    given: GivenCommand
    command: IncidentCommand
    record: IncidentRecord
    speaker: Speaker


def settle_command(tx: Transaction, heard: Heard, state: CommandState, now: datetime) -> None:
    """Judge a command that is locked in `state`, and do it."""
    given = heard.given
    record = timeline.lock_to_act(tx, heard.record.incident.id, now)
    incident = record.incident if record is not None else None
    is_standing = state is CommandState.PENDING
    refused = judge_command(heard.command, incident, heard.speaker, is_standing=is_standing)
    if refused is not None:
        _refuse(tx, heard, refused, now)
        return
    commands.finish_command(tx, given.key, CommandState.ACCEPTED, "done")
    detail: dict[str, object] = {"standing": heard.speaker.detail}
    record_audit(tx, _entry(heard, "command.accepted", None, detail, now))
    answer_command(tx, given, _do(tx, heard, now), now)
    log.info("command.accepted", command_key=given.key, kind=COMMAND_KINDS[type(given.command)])


def _do(tx: Transaction, heard: Heard, now: datetime) -> Answering:
    incident_id, actor = heard.record.incident.id, heard.given.person.login
    match heard.command:
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
            assert_never(heard.command)
    return Answering(Reaction.DONE)


def _acknowledged_before(tx: Transaction, incident_id: IncidentId) -> Answering:
    record = incidents.read_incident(tx, incident_id)
    word = record.incident.acknowledged if record is not None else None
    body = render_acknowledged_before(word.actor) if word is not None else None
    return Answering(Reaction.SEEN, body)


def record_refused(tx: Transaction, heard: Heard, refused: RefusedCommand, now: datetime) -> None:
    """Put on record that a command does nothing."""
    detail: dict[str, object] = {"detail": refused.detail}
    record_audit(tx, _entry(heard, "command.refused", refused.fault, detail, now))


def _refuse(tx: Transaction, heard: Heard, refused: RefusedCommand, now: datetime) -> None:
    given = heard.given
    commands.finish_command(tx, given.key, CommandState.REFUSED, refused.fault)
    record_refused(tx, heard, refused, now)
    answer_command(tx, given, Answering(Reaction.REFUSED, render_refusal(refused.detail)), now)
    log.info("command.refused", command_key=given.key, reason=refused.fault)


def _entry(
    heard: Heard, kind: str, reason: str | None, detail: dict[str, object], now: datetime
) -> AuditEntry:
    given, incident = heard.given, heard.record.incident
    said = {
        "command": COMMAND_KINDS[type(heard.command)],
        "person_id": given.person.id,
        "url": given.url,
    }
    actor = given.person.login
    return incident_entry(
        incident, kind, now, actor=actor, reason=reason, detail={**said, **detail}
    )
