"""Write the gate's replies to commands in comments.

Pure. A reaction shows the outcome at a glance; where that is not enough, a comment gives the
reason. Text that others wrote is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gate.domain.model.overrides import OPEN_QUESTIONS, RefusalCode, RefusedClaim
from gate.domain.model.policy.policy import OverridePolicy
from gate.domain.text.escaping import code_span, cut_markdown, neutralize

_LONGEST: Final = 2_000


class Reaction(StrEnum):
    """What a reaction means, with GitHub's name for it (docs: REST API endpoints for reactions)."""

    SEEN = "eyes"
    DONE = "rocket"
    REFUSED = "confused"


@dataclass(frozen=True, slots=True)
class Answering:
    """A reaction and, where it needs an explanation, a comment."""

    reaction: Reaction
    body: str | None = None


_ASKED: Final = OverridePolicy()
_OVERRIDE_AND_HELP: Final = (
    "- `/override <run URL or id> <rationale>`: release a held deployment. Unless the policy says"
    f" otherwise, the rationale must contain “{_ASKED.acknowledge}” and {_ASKED.min_length} more"
    " characters.\n"
    "- `/help`: show this list."
)
_INCIDENT_LIST: Final = (
    "- `/ack`: acknowledge the incident. Assigning the issue does the same.\n"
    "- `/decide rollback <why>`, `/decide fix-forward <why>` or `/decide accept-risk <why>`: record"
    " what happens next. Accepting the risk closes the incident; held deployments stay held.\n"
    "- `/resolve <why>`: close the incident even though the validation has not passed.\n"
    "- `/silence <30m, 4h, 2d> <why>`: pause messages for up to 7 days. The gate still sends"
    " the recovery message.\n"
    f"{_OVERRIDE_AND_HELP}\n\n"
    "Anyone with write access can use `/ack` and `/help`. The other commands are for reviewers:"
    " people who may override a hold. Edited comments do not count."
)
INCIDENT_COMMANDS: Final = f"Begin a comment on this issue with a command:\n\n{_INCIDENT_LIST}"


def render_help(*, on_incident: bool = False) -> str:
    """List the commands; an incident's issue has more of them."""
    if on_incident:
        return INCIDENT_COMMANDS
    return f"Begin a comment with a command:\n\n{_OVERRIDE_AND_HELP}"


def render_unknown() -> str:
    """Answer an unknown command on an incident's issue."""
    return f"Unknown command. Commands here:\n\n{_INCIDENT_LIST}"


def render_refusal(detail: str) -> str:
    """Explain why a command on an incident's issue did nothing; `detail` is a sentence."""
    return cut_markdown(f"{neutralize(detail)}.", _LONGEST)


def render_acknowledged_before(actor: str) -> str:
    """Answer a second acknowledgment with the name of the first person."""
    return cut_markdown(f"{neutralize(actor)} has already acknowledged this incident.", _LONGEST)


def render_problem(detail: str, usage: str | None = None) -> str:
    """Explain what is wrong with a command, and how to write it."""
    written = f" Usage: {code_span(usage)}" if usage is not None else ""
    fault = f"Not done: {neutralize(detail)}.{written}"
    return cut_markdown(f"{fault}\n\nComment `/help` for the list of commands.", _LONGEST)


def render_refused(claim: RefusedClaim) -> str:
    """List everything that an override lacks, and what the person can do next.

    What the gate looks up last is left out while people have something to fix.
    """
    theirs = [it for it in claim.refusals if it.code not in OPEN_QUESTIONS] or claim.refusals
    faults = "\n".join(f"- {neutralize(refusal.detail)}" for refusal in theirs)
    return cut_markdown(
        f"**Not released.** The deployment is still held:\n\n{faults}\n\n{_how_to_go_on(claim)}",
        _LONGEST,
    )


def _how_to_go_on(claim: RefusedClaim) -> str:
    """Return what the person can do, or that someone else has to."""
    if claim.is_barred_to_all:
        return "Nobody can override this hold. Fix its cause."
    if not claim.is_mendable:
        return "You cannot release this deployment; another eligible reviewer can."
    if RefusalCode.BEFORE_RED in claim.codes:
        return "Repeat the override in a new comment, now that the deployment is held."
    return "Add what is missing in a new comment; edited comments do not count."
