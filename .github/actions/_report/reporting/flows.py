"""What a validation says of each flow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How a flow ended, in the words of the gate's interface, the best first."""

    PASSED = "passed"
    WARNED = "warned"
    FLAKY = "flaky"
    NOT_RUN = "not_run"
    FAILED = "failed"


PASSES = frozenset({Status.PASSED, Status.WARNED, Status.FLAKY})
_SEVERITY = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True)
class Flow:
    """One flow, all its attempts taken together. `note` says why it did not simply pass."""

    name: str
    status: Status
    note: str | None = None
    seconds: float | None = None
    attempts: int = 1

    @property
    def passes(self) -> bool:
        """Say whether the flow may stand in a validation that passed."""
        return self.status in PASSES


def severity(status: Status) -> int:
    """Order statuses from the best to the worst."""
    return _SEVERITY[status]


def passed(flows: tuple[Flow, ...]) -> bool:
    """Say whether the validation passed: there are flows, and each passes."""
    return bool(flows) and all(flow.passes for flow in flows)


def worst_first(flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Put the flows that people must look at first; the order is otherwise kept."""
    return tuple(sorted(flows, key=lambda flow: -severity(flow.status)))


def unpassed(flows: tuple[Flow, ...]) -> tuple[Flow, ...]:
    """Give the flows that keep the validation from passing, failed ones first."""
    return tuple(flow for flow in worst_first(flows) if not flow.passes)
