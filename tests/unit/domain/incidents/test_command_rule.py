"""Who may do what on an incident's issue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.domain.comments.commands import (
    AcknowledgeCommand,
    DecideCommand,
    HelpCommand,
    IncidentCommand,
    ParsedCommand,
    ResolveCommand,
    SilenceCommand,
)
from gate.domain.incidents.command_rule import (
    CommandFault,
    Commenter,
    explain_denial,
    judge_command,
)
from gate.domain.incidents.incident import Word
from gate.domain.model.course import Course
from tests.support.builders.defaults import NOW
from tests.support.incidents import make_incident

ACK = AcknowledgeCommand()
DECIDE = DecideCommand(Course.ROLLBACK, "it leaks")
RESOLVE = ResolveCommand("a false alarm")
SILENCE = SilenceCommand(timedelta(hours=1), "we know")

READER = Commenter(
    is_person=True,
    may_write=False,
    may_override=False,
    detail="not listed in the policy (user:mona)",
)
WRITER = replace(READER, may_write=True)
REVIEWER = replace(READER, may_override=True, detail="user:mona")


def fault(
    command: IncidentCommand,
    commenter: Commenter = REVIEWER,
    *,
    is_over: bool = False,
    is_standing: bool = True,
) -> CommandFault | None:
    """Judge a command on an incident and give what is wrong with it."""
    incident = make_incident("a.yml", resolved=Word(NOW, "gate") if is_over else None)
    refused = judge_command(command, incident, commenter, is_standing=is_standing)
    return refused.fault if refused is not None else None


@pytest.mark.parametrize(
    ("command", "commenter", "expected"),
    [
        (ACK, READER, CommandFault.NOT_ELIGIBLE),
        (ACK, WRITER, None),
        (ACK, REVIEWER, None),
        (DECIDE, READER, CommandFault.NOT_ELIGIBLE),
        (DECIDE, WRITER, CommandFault.NOT_ELIGIBLE),
        (DECIDE, REVIEWER, None),
        (RESOLVE, WRITER, CommandFault.NOT_ELIGIBLE),
        (RESOLVE, REVIEWER, None),
        (SILENCE, WRITER, CommandFault.NOT_ELIGIBLE),
        (SILENCE, REVIEWER, None),
    ],
)
def test_who_may(
    command: IncidentCommand, commenter: Commenter, expected: CommandFault | None
) -> None:
    """Writers may acknowledge; the rest takes somebody who may override."""
    assert fault(command, commenter) is expected


@pytest.mark.parametrize("command", [ACK, DECIDE, RESOLVE, SILENCE])
def test_what_counts_for_nobody(command: IncidentCommand) -> None:
    """A bot, an edited comment, an incident that is over, and an issue that is none."""
    bot = replace(REVIEWER, is_person=False, may_write=True)
    assert fault(command, bot) is CommandFault.NOT_A_PERSON
    assert fault(command, is_standing=False) is CommandFault.WITHDRAWN
    assert fault(command, is_over=True) is CommandFault.INCIDENT_OVER
    refused = judge_command(command, None, REVIEWER, is_standing=True)
    assert refused is not None
    assert refused.fault is CommandFault.NO_INCIDENT


@pytest.mark.parametrize(
    ("said", "environment", "expected"),
    [
        (
            ACK,
            "production-frontend",
            (
                "You cannot acknowledge this incident: only people with write access and reviewers"
                " of production-frontend can."
            ),
        ),
        (
            DECIDE,
            "production-frontend",
            "You cannot decide on this incident: only reviewers of production-frontend can.",
        ),
        (
            HelpCommand(),
            None,
            "You cannot use commands here: only people with write access and reviewers can.",
        ),
    ],
)
def test_a_refusal_says_who_may(
    said: ParsedCommand, environment: str | None, expected: str
) -> None:
    """The person learns which permission is needed, and what the gate found."""
    text = explain_denial(said, environment, READER)
    assert text == f"{expected} Your access: not listed in the policy (user:mona)"
