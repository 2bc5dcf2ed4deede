"""Describe what a validation job says about itself, flow by flow.

Pure values. A report comes with the job's own identity, but the job wrote it: it can add detail to
evidence or make a green worse, never make a red green (see `gate.domain.evidence.judge`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gate.domain.model.ids import RepositoryId, RunId, Sha


class FlowStatus(StrEnum):
    """How one flow ended. `warned` and `flaky` are passes with a note; the last two are not."""

    PASSED = "passed"
    WARNED = "warned"
    FLAKY = "flaky"
    FAILED = "failed"
    NOT_RUN = "not_run"


_PASSES: Final = frozenset({FlowStatus.PASSED, FlowStatus.WARNED, FlowStatus.FLAKY})

TROUBLE: Final = frozenset({FlowStatus.FAILED, FlowStatus.FLAKY})
"""How a flow ends that people cannot rely on."""

SEVERITY: Final = {
    FlowStatus.PASSED: 0,
    FlowStatus.WARNED: 1,
    FlowStatus.FLAKY: 2,
    FlowStatus.NOT_RUN: 3,
    FlowStatus.FAILED: 4,
}
"""How bad each status is beside the others."""

FlowKey = tuple[str, int]
"""A flow's name, and how many before it in its report have the same."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One Maestro flow of a report. `name` and `error` are text that others wrote.

    `exit_code` is 0 for a pass. `duration` is None where the report does not tell it; `attempts`
    counts from 1.
    """

    name: str
    status: FlowStatus
    exit_code: int
    error: str | None
    duration: timedelta | None
    attempts: int

    @property
    def is_pass(self) -> bool:
        """Return whether the flow proves what it was to prove."""
        return self.status in _PASSES


def key_flows(flows: Iterable[Flow]) -> dict[FlowKey, Flow]:
    """Index flows by their names, namesakes by their order."""
    seen: Counter[str] = Counter()
    keyed = {}
    for flow in flows:
        keyed[flow.name, seen[flow.name]] = flow
        seen[flow.name] += 1
    return keyed


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many flows of a report are not kept, by how they ended.

    At least so many: which ones they were is not known, so the same ones may be told twice.
    """

    failed: int = 0
    not_run: int = 0
    passed: int = 0

    @property
    def is_pass(self) -> bool:
        """Return whether all of them passed."""
        return not self.failed and not self.not_run

    def merged(self, other: LeftOut) -> LeftOut:
        """Return the larger count of each status."""
        return LeftOut(
            max(self.failed, other.failed),
            max(self.not_run, other.not_run),
            max(self.passed, other.passed),
        )


NOTHING_LEFT_OUT: Final = LeftOut()


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What the job of one run attempt reported.

    Repository, run and attempt are claims of the job's token, never words of its body; the rest is
    hostile text. `terraform_deployment_id` is None when nobody knows it. `reported_at` is when
    the report last got worse: nobody can have accepted that before. `left_out`
    counts the flows that are not kept, see `gate.domain.evidence.report_limits`.
    """

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    job_url: str
    terraform_deployment_id: str | None
    artifact_urls: tuple[str, ...]
    flows: tuple[Flow, ...]
    reported_at: datetime
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def is_pass(self) -> bool:
        """Return whether every flow passed, and there were some."""
        return bool(self.flows) and self.left_out.is_pass and all(it.is_pass for it in self.flows)

    @property
    def failed(self) -> tuple[Flow, ...]:
        """List the flows that failed, as reported."""
        return tuple(flow for flow in self.flows if flow.status is FlowStatus.FAILED)

    @property
    def failures(self) -> int:
        """Count the flows that failed."""
        return len(self.failed) + self.left_out.failed

    @property
    def has_trouble(self) -> bool:
        """Return whether any flow that is kept failed or was flaky."""
        return any(it.status in TROUBLE for it in self.flows)

    @property
    def not_run(self) -> tuple[Flow, ...]:
        """List the flows that were cancelled, stopped or never came to an end."""
        return tuple(flow for flow in self.flows if flow.status is FlowStatus.NOT_RUN)


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What the job of one run attempt raised an alert about; each event once an attempt.

    Repository, run, attempt, `workflow`, `ref` and `head_sha` are claims of the job's token; the
    rest is hostile text. `flows` is empty where the alert came without a report.
    """

    repository_id: RepositoryId
    run_id: RunId
    run_attempt: int
    workflow: str
    ref: str
    head_sha: Sha
    event: str
    job_url: str
    terraform_deployment_id: str | None
    artifact_urls: tuple[str, ...]
    flows: tuple[Flow, ...]
    received_at: datetime
