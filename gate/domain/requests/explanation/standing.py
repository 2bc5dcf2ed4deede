"""Describe where a deployment stands: in one word, and in the sentence that its page begins with.

Pure, and plain text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gate.domain.model.request import CLOSED_WITHOUT_US, RequestState
from gate.domain.requests.decision import Decision, ReasonCode, Verdict
from gate.domain.requests.explanation.outcome import describe_outcome
from gate.domain.requests.explanation.phrases import because, close_phrase


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands: `kind` is the shape and color of the word; `sentence` says why."""

    kind: str
    word: str
    sentence: str


def describe_standing(
    state: RequestState, reason: str | None, decision: Decision | None
) -> Standing:
    """Return where a request stands; a release past the rule has a word of its own."""
    outcome = describe_outcome(state, reason)
    kind, word = outcome.kind, outcome.word
    if state in CLOSED_WITHOUT_US:
        return Standing(kind, word, f"{close_phrase(reason)}.")
    if decision is None:
        return Standing(kind, word, "The gate has not looked at this deployment yet.")
    why = because(decision.reasons, decision.evidence)
    if decision.reason is ReasonCode.OBSERVE_MODE:
        found = because(decision.reasons[1:], decision.evidence)
        why = f"the policy only observes and holds nothing; found: {found}"
    elif decision.verdict is Verdict.APPROVE and decision.override is not None:
        people = ", ".join(it.person.login for it in decision.override.claims)
        why = f"overridden by {people}, although {because(decision.reasons[1:], decision.evidence)}"
    return Standing(kind, word, f"{_VERDICTS[decision.verdict]}: {why}.")


_VERDICTS: Final = {
    Verdict.APPROVE: "Approved",
    Verdict.REJECT: "Rejected",
    Verdict.WAIT: "On hold",
}
