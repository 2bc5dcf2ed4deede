"""Describe how an incident stands against its clock: acknowledge, decide, resolve. Pure.

The first two have deadlines from the policy, counted from the current outbreak. Resolving has none:
how long it takes depends on the failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from gate.domain.incidents.events import Resolution
from gate.domain.incidents.incident import Incident, Word
from gate.domain.model.policy.policy import AlertPolicy


class StepState(StrEnum):
    """Where a step stands; `skipped`: the incident was resolved without it."""

    DONE = "done"
    LATE = "done late"
    DUE = "due"
    OVERDUE = "overdue"
    OPEN = "open"
    SKIPPED = "not needed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the response; `outcome` says what was decided, or how it was resolved."""

    name: str
    state: StepState
    deadline: datetime | None
    word: Word | None
    outcome: str = ""

    @property
    def is_pending(self) -> bool:
        """Return whether someone still has to take the step by a deadline."""
        return self.state in {StepState.DUE, StepState.OVERDUE}


_ACKNOWLEDGE: Final = "Acknowledge"
_DECIDE: Final = "Decide"
_ENDINGS: Final = {
    Resolution.VALIDATION_PASSED: "the validation passed",
    Resolution.RISK_ACCEPTED: "the risk was accepted",
    Resolution.BY_HAND: "closed by a reviewer",
    Resolution.NOT_GATED: "the policy no longer gates the environment",
}


def read_clock(incident: Incident, policy: AlertPolicy, now: datetime) -> tuple[Step, ...]:
    """Return the three steps in their order."""
    began = incident.broke_out_at
    decision = f"decision: {incident.course}" if incident.course is not None else ""
    acknowledge_by, decide_by = began + policy.acknowledge_within, began + policy.decide_within
    resolved = StepState.OPEN if incident.is_open else StepState.DONE
    return (
        _step(_ACKNOWLEDGE, incident.acknowledged, acknowledge_by, incident, now),
        _step(_DECIDE, incident.decided, decide_by, incident, now, outcome=decision),
        Step("Resolve", resolved, None, incident.resolved, describe_ending(incident)),
    )


def find_next_deadline(steps: Sequence[Step]) -> Step | None:
    """Return the step that is due first; None when nothing is."""
    pending = [it for it in steps if it.is_pending and it.deadline is not None]
    return min(pending, key=lambda it: (it.deadline, it.name), default=None)


def describe_ending(incident: Incident) -> str:
    """Return in a few words how an incident was resolved; nothing while it is open."""
    return _ENDINGS[incident.how] if incident.how is not None and not incident.is_open else ""


def _step(
    name: str,
    word: Word | None,
    deadline: datetime,
    incident: Incident,
    now: datetime,
    *,
    outcome: str = "",
) -> Step:
    if word is not None:
        state = StepState.DONE if word.at <= deadline else StepState.LATE
    elif not incident.is_open:
        state = StepState.SKIPPED
    else:
        state = StepState.DUE if now < deadline else StepState.OVERDUE
    return Step(name, state, deadline, word, outcome)


def choose_runbook(incident: Incident, steps: Sequence[Step]) -> str:
    """Return the name of the runbook for what is next: the one of the alert people last got."""
    if not incident.is_open:
        return "recovery"
    overdue = {it.name for it in steps if it.state is StepState.OVERDUE}
    if _ACKNOWLEDGE in overdue:
        return "not-acknowledged"
    return "not-decided" if _DECIDE in overdue else "page"
