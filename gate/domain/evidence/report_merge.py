"""Put together what several jobs of a run reported, in one attempt and in those before it.

Pure. A report counts as it is; an alert with flows comes beside it, before or after, and may be
about some of the flows only. So of one flow the worse word counts, and nothing that was said gets
better. The order in which both arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gate.domain.model.reports import (
    SEVERITY,
    AlertReport,
    Flow,
    FlowStatus,
    ValidationReport,
    key_flows,
)


def report_of(alert: AlertReport) -> ValidationReport:
    """Return what an alert says of its run attempt's flows."""
    return ValidationReport(
        repository_id=alert.repository_id,
        run_id=alert.run_id,
        run_attempt=alert.run_attempt,
        job_url=alert.job_url,
        terraform_deployment_id=alert.terraform_deployment_id,
        artifact_urls=alert.artifact_urls,
        flows=alert.flows,
        reported_at=alert.received_at,
    )


def merge_reports(report: ValidationReport, other: ValidationReport) -> ValidationReport:
    """Add to `report` what `other` says of the same run attempt.

    Flows go by their names, namesakes by their order. Where both know one, the worse stays; where
    it is no worse, `report` keeps its own words. The time is that of the first of the two which is
    as bad as both together.
    """
    added = key_flows(other.flows)
    known = key_flows(report.flows)
    flows = [_worse(flow, added.get(key)) for key, flow in known.items()]
    flows += [flow for key, flow in added.items() if key not in known]
    worst = _worst(flows)
    return replace(
        report,
        terraform_deployment_id=report.terraform_deployment_id or other.terraform_deployment_id,
        artifact_urls=tuple(dict.fromkeys((*report.artifact_urls, *other.artifact_urls))),
        flows=tuple(flows),
        reported_at=min(it.reported_at for it in (report, other) if _worst(it.flows) == worst),
        left_out=report.left_out.merged(other.left_out),
    )


def carry_over(earlier: ValidationReport, later: ValidationReport) -> ValidationReport:
    """Add to a later attempt's report what an earlier one said of flows that it says nothing of.

    A re-run of some jobs reports on some flows, and the others are as they were. A failed flow that
    did not run again has shown nothing new: it stands until a report says that it passed. Flows
    that are not kept have no names, so nothing that a re-run reports settles them.
    """
    said = key_flows(earlier.flows)
    flows = [_unless_untried(flow, said.get(key)) for key, flow in key_flows(later.flows).items()]
    flows += [flow for key, flow in said.items() if key not in key_flows(later.flows)]
    return replace(
        later,
        terraform_deployment_id=later.terraform_deployment_id or earlier.terraform_deployment_id,
        artifact_urls=tuple(dict.fromkeys((*later.artifact_urls, *earlier.artifact_urls))),
        flows=tuple(flows),
        reported_at=earlier.reported_at if later.is_pass else later.reported_at,
        left_out=later.left_out.merged(earlier.left_out),
    )


def _unless_untried(flow: Flow, before: Flow | None) -> Flow:
    untried = flow.status is FlowStatus.NOT_RUN
    failed = before is not None and before.status is FlowStatus.FAILED
    return before if before is not None and failed and untried else flow


def _worst(flows: Iterable[Flow]) -> int:
    """Return how bad flows are as a whole: among those that pass, none is worse than another."""
    return max((SEVERITY[flow.status] for flow in flows if not flow.is_pass), default=0)


def _worse(flow: Flow, other: Flow | None) -> Flow:
    if other is None or SEVERITY[other.status] <= SEVERITY[flow.status]:
        return flow
    return other
