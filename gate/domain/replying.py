"""Write the gate's answers to commands in comments.

Pure. A reaction says at a glance what became of a command; where that is not enough, a comment says
why. Text that others wrote is neutralised.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.domain.neutral import cut, neutralise
from gate.domain.overrides import RefusedClaim

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


def render_help() -> str:
    """List the commands."""
    return (
        "I understand, at the beginning of a comment:\n\n"
        "- `/override <run URL or id> <rationale>`: release a held deployment. The rationale must"
        " contain the words that the policy asks for.\n"
        "- `/help`: this list."
    )


def render_problem(detail: str) -> str:
    """Say what is wrong with a command."""
    return cut(
        f"Nothing was done: {neutralise(detail)}.\n\nSay `/help` for the commands.", _LONGEST
    )


def render_refused(claim: RefusedClaim) -> str:
    """Say everything that an override lacks, and how to go on."""
    faults = "\n".join(f"- {neutralise(refusal.detail)}" for refusal in claim.refusals)
    ending = (
        "Write a new comment with what is missing; an edited one does not count."
        if claim.is_mendable
        else "Somebody who may must override."
    )
    return cut(f"The deployment stays on hold:\n\n{faults}\n\n{ending}", _LONGEST)
