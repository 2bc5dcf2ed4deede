"""Check whether a person may give a command on an incident's issue.

Pure. Everyone with write access may acknowledge an incident. Deciding, resolving and silencing need
a person who may override holds. An unknown permission counts as none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    DecideCommand,
    IncidentCommand,
    OverrideCommand,
    ParsedCommand,
    ResolveCommand,
    SilenceCommand,
)
from gate.domain.incidents.incident import Incident


class CommandFault(StrEnum):
    """Why a command is refused, as a stable slug."""

    WITHDRAWN = "withdrawn"
    NOT_A_PERSON = "not_a_person"
    NO_INCIDENT = "no_incident"
    INCIDENT_OVER = "incident_over"
    NOT_ELIGIBLE = "not_eligible"


@dataclass(frozen=True, slots=True)
class Commenter:
    """The author of a command as GitHub shows them now, by numeric id.

    `detail` says why they may override, or why not; it follows "Your access: ".
    """

    is_person: bool
    may_write: bool
    may_override: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RefusedCommand:
    """A command that does nothing. `detail` is a sentence, and may quote hostile text."""

    fault: CommandFault
    detail: str


def judge_command(
    command: IncidentCommand, incident: Incident | None, commenter: Commenter, *, is_standing: bool
) -> RefusedCommand | None:
    """Return the first fault of a command; None when it counts.

    `incident` is the one that the issue is about. `is_standing` is False when the comment was
    edited or deleted, and then it does not count.
    """
    if not is_standing:
        detail = "An edited or deleted comment does not count; write a new one"
        return RefusedCommand(CommandFault.WITHDRAWN, detail)
    if not commenter.is_person:
        return RefusedCommand(CommandFault.NOT_A_PERSON, "Only people can use commands")
    if incident is None:
        detail = "This issue does not belong to an incident"
        return RefusedCommand(CommandFault.NO_INCIDENT, detail)
    if not incident.is_open:
        return RefusedCommand(CommandFault.INCIDENT_OVER, "This incident is already resolved")
    may_acknowledge = isinstance(command, AcknowledgeCommand) and commenter.may_write
    if commenter.may_override or may_acknowledge:
        return None
    detail = explain_denial(command, incident.place.environment, commenter)
    return RefusedCommand(CommandFault.NOT_ELIGIBLE, detail)


def explain_denial(said: ParsedCommand, environment: str | None, commenter: Commenter) -> str:
    """Return what a person cannot do, which permission it needs, and which one they have."""
    allowed = "reviewers" if environment is None else f"reviewers of {environment}"
    if not isinstance(said, _FOR_REVIEWERS):
        allowed = f"people with write access and {allowed}"
    deed = _DEEDS.get(type(said), "use commands here")
    return f"You cannot {deed}: only {allowed} can. Your access: {commenter.detail}"


_FOR_REVIEWERS: Final = (OverrideCommand, DecideCommand, ResolveCommand, SilenceCommand)
_DEEDS: Final[Mapping[type[ParsedCommand], str]] = {
    AcknowledgeCommand: "acknowledge this incident",
    DecideCommand: "decide on this incident",
    ResolveCommand: "resolve this incident",
    SilenceCommand: "silence this incident",
    OverrideCommand: "override this hold",
}
