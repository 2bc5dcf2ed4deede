"""The result of each flow of a validation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How a flow ended, as the gate's API spells it, from best to worst."""

    PASSED = "passed"
    WARNED = "warned"
    FLAKY = "flaky"
    NOT_RUN = "not_run"
    FAILED = "failed"


PASSES = frozenset({Status.PASSED, Status.WARNED, Status.FLAKY})
_SEVERITY = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True)
class Flow:
    """One flow with all its attempts. `note` says why it did not simply pass."""

    name: str
    status: Status
    note: str | None = None
    seconds: float | None = None
    attempts: int = 1

    @property
    def passes(self) -> bool:
        """Return whether the flow counts as passed."""
        return self.status in PASSES


def severity(status: Status) -> int:
    """Return a status's rank, from best to worst."""
    return _SEVERITY[status]


def passed(flows: tuple[Flow, ...]) -> bool:
    """Return whether the validation passed: there are flows, and each passes."""
    return bool(flows) and all(flow.passes for flow in flows)


def worst_first(flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Sort the flows that need attention first; the order is kept otherwise."""
    return tuple(sorted(flows, key=lambda flow: -severity(flow.status)))


def unpassed(flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Return the flows that keep the validation from passing, failed ones first."""
    return tuple(flow for flow in worst_first(flows) if not flow.passes)
