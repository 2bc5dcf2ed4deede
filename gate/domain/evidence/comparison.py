"""Compare what changed between a validation's report and the one before it.

Pure. Comments say by it which flows fail newly, and alerts whether there is anything new to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.model.ids import RunId
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport, key_flows


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which flows fail newly, which failed in the report before too, and which recovered.

    Flows stand in the order of the newer report, as it tells them. `previous_run_id` and
    `previous_run_attempt` say which attempt was compared with; None when no report is known before
    this one, and then every failure is a new one.
    """

    newly_failing: tuple[Flow, ...]
    still_failing: tuple[Flow, ...]
    recovered: tuple[Flow, ...]
    previous_run_id: RunId | None = None
    previous_run_attempt: int | None = None


def compare(report: ValidationReport, previous: ValidationReport | None) -> Comparison:
    """Compare a report with the one before it, flow by flow.

    Flows go by their names, namesakes by their order. A flow that failed before has recovered only
    if it passes now: one that did not run, or is gone, has shown nothing.
    """
    failed_before = {
        key
        for key, flow in key_flows(previous.flows if previous is not None else ()).items()
        if flow.status is FlowStatus.FAILED
    }
    flows = key_flows(report.flows)
    failing = {key: flow for key, flow in flows.items() if flow.status is FlowStatus.FAILED}
    return Comparison(
        newly_failing=tuple(it for key, it in failing.items() if key not in failed_before),
        still_failing=tuple(it for key, it in failing.items() if key in failed_before),
        recovered=tuple(it for key, it in flows.items() if it.is_pass and key in failed_before),
        previous_run_id=previous.run_id if previous is not None else None,
        previous_run_attempt=previous.run_attempt if previous is not None else None,
    )
