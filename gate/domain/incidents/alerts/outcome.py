"""Describe what became of an alert on one channel. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AlertOutcome:
    """What became of a message: `kind` is how the page marks it, `reason` why it is so."""

    kind: str
    word: str
    reason: str = ""


_OWED: Final = "owed"
_KNOWN: Final = {
    "sent": AlertOutcome("pass", "delivered"),
    "refused": AlertOutcome("fail", "refused", "the channel refused it"),
    "expired": AlertOutcome("fail", "given up", "the channel did not accept it for 24 h"),
    "superseded": AlertOutcome("none", "not sent", "a newer message replaced it"),
}
_ACKNOWLEDGED: Final = "acknowledged"


def describe_alert(
    state: str, outcome: str | None, attempts: int, *, maybe_sent: bool
) -> AlertOutcome:
    """Return what became of a message, by its state and by how its last try ended."""
    if state == "superseded" and outcome == _ACKNOWLEDGED:
        return AlertOutcome("none", "not sent", "the incident was acknowledged first")
    if state != _OWED:
        known = _KNOWN.get(state, AlertOutcome("none", state))
        reason = known.reason
        if known.kind == "fail" and outcome:
            reason = f"{reason} ({outcome})"
        return AlertOutcome(known.kind, known.word, reason)
    if not attempts:
        return AlertOutcome("run", "sending")
    tries = f"{attempts} attempt{'s' if attempts != 1 else ''}"
    maybe = "; it may have arrived" if maybe_sent else ""
    return AlertOutcome("hold", "retrying", f"{tries}, last: {outcome or 'no answer'}{maybe}")
