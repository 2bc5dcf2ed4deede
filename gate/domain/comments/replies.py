"""Write the gate's answers to commands in comments.

Pure. A reaction says at a glance what became of a command; where that is not enough, a comment says
why. Text that others wrote is neutralised.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.domain.model.overrides import OPEN_QUESTIONS, RefusalCode, RefusedClaim
from gate.domain.text.escaping import code_span, cut_markdown, neutralise

_LONGEST: Final = 2_000


class Reaction(StrEnum):
    """What a reaction means, by GitHub's name for it (docs: REST API endpoints for reactions)."""

    SEEN = "eyes"
    DONE = "rocket"
    REFUSED = "confused"


@dataclass(frozen=True, slots=True)
class Answering:
    """A reaction and, where there is more to say, a comment."""

    reaction: Reaction
    body: str | None = None


_OVERRIDE_AND_HELP: Final = (
    "- `/override <run URL or id> <rationale>`: release a held deployment. The rationale must"
    " contain the words that the policy asks for.\n"
    "- `/help`: this list."
)
INCIDENT_COMMANDS: Final = (
    "At the beginning of a comment on this issue:\n\n"
    "- `/ack`: you look after it; assigning yourself says the same.\n"
    "- `/decide rollback <why>`, `/decide fix-forward <why>` or `/decide accept-risk <why>`: what"
    " is going to be done. Accepting the risk ends the incident; held deployments stay held.\n"
    "- `/resolve <why>`: it is over, although the validation has not passed.\n"
    "- `/silence <30m, 4h, 2d> <why>`: no messages but the end for so long, 7 days at most.\n"
    f"{_OVERRIDE_AND_HELP}\n\n"
    "Whoever may write to this repository may acknowledge; the rest takes somebody who may override"
    " a hold. A comment that was edited does not count."
)


def render_help(*, on_incident: bool = False) -> str:
    """List the commands; on an incident's issue there are more."""
    if on_incident:
        return INCIDENT_COMMANDS
    return f"I understand, at the beginning of a comment:\n\n{_OVERRIDE_AND_HELP}"


def render_unknown() -> str:
    """Answer a command that nobody knows, on an incident's issue."""
    return f"That is no command of mine; I do not say so again here.\n\n{INCIDENT_COMMANDS}"


def render_refusal(detail: str) -> str:
    """Say why a command on an incident's issue did nothing."""
    return cut_markdown(f"Nothing was done: {neutralise(detail)}.", _LONGEST)


def render_acknowledged_before(actor: str) -> str:
    """Say who looks after it already."""
    return cut_markdown(f"{neutralise(actor)} looks after it already.", _LONGEST)


def render_problem(detail: str, usage: str | None = None) -> str:
    """Say what is wrong with a command, and how it is written."""
    written = f": {code_span(usage)}" if usage is not None else ""
    fault = f"Nothing was done: {neutralise(detail)}{written}."
    return cut_markdown(f"{fault}\n\nSay `/help` for the commands.", _LONGEST)


def render_refused(claim: RefusedClaim) -> str:
    """Say everything that an override lacks, and how to go on.

    What the gate looks up once nothing else is missing is nobody's to mend.
    """
    theirs = [it for it in claim.refusals if it.code not in OPEN_QUESTIONS] or claim.refusals
    faults = "\n".join(f"- {neutralise(refusal.detail)}" for refusal in theirs)
    return cut_markdown(
        f"The deployment stays on hold:\n\n{faults}\n\n{_how_to_go_on(claim)}", _LONGEST
    )


def _how_to_go_on(claim: RefusedClaim) -> str:
    """Tell whoever spoke what they can do themselves; whoever is barred, that others can."""
    if claim.is_barred_to_all:
        return "Nobody can override this hold; mend its cause."
    if not claim.is_mendable:
        return "You cannot release it by this; somebody who may can."
    if RefusalCode.BEFORE_RED in claim.codes:
        return "Say it again in a new comment, now that you know of this hold."
    return "Write a new comment with what is missing; an edited one does not count."
