"""Judge whether somebody may do what they ask on an incident's issue.

Pure. Whoever may write to the repository may say that they look after an incident. What ends it,
decides about it or keeps it quiet takes one who may override. What is not known is no yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gate.domain.comments.commands import AcknowledgeCommand, IncidentCommand
from gate.domain.incidents.incident import Incident


class CommandFault(StrEnum):
    """What may be wrong with a command, by a stable slug."""

    WITHDRAWN = "withdrawn"
    NOT_A_PERSON = "not_a_person"
    NO_INCIDENT = "no_incident"
    INCIDENT_OVER = "incident_over"
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody as GitHub shows them now, by numeric id.

    `detail` says why they may override, or why not.
    """

    is_person: bool
    may_write: bool
    may_override: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RefusedCommand:
    """A command that does nothing. `detail` may quote hostile text."""

    fault: CommandFault
    detail: str


def judge_command(
    command: IncidentCommand, incident: Incident | None, speaker: Speaker, *, is_standing: bool
) -> RefusedCommand | None:
    """Say what is wrong with a command first of all; None when it counts.

    `incident` is the one that the issue is about, `is_standing` says that the comment stands as it
    was written: an edited one does not count.
    """
    if not is_standing:
        detail = "a comment that was edited or deleted does not count; write a new one"
        return RefusedCommand(CommandFault.WITHDRAWN, detail)
    if not speaker.is_person:
        return RefusedCommand(CommandFault.NOT_A_PERSON, "it was not said by a person")
    if incident is None:
        return RefusedCommand(CommandFault.NO_INCIDENT, "this issue is no incident's")
    if not incident.is_open:
        return RefusedCommand(CommandFault.INCIDENT_OVER, "the incident is over")
    return _check_speaker(command, speaker)


def _check_speaker(command: IncidentCommand, speaker: Speaker) -> RefusedCommand | None:
    needed = "somebody who may override"
    may = speaker.may_override
    if isinstance(command, AcknowledgeCommand):
        needed = f"write permission, or {needed}"
        may = may or speaker.may_write
    if may:
        return None
    return RefusedCommand(CommandFault.NOT_ELIGIBLE, f"it takes {needed}: {speaker.detail}")
