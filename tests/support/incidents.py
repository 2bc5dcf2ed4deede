"""Make incidents and what belongs to them, in the shape of a plain red validation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gate.domain.evidence.comparison import compare
from gate.domain.evidence.evidence import Evidence
from gate.domain.incidents.events import Failure, Happening, IncidentEvent, Opened
from gate.domain.incidents.incident import Incident, IncidentPlace, apply, open_incident
from gate.domain.incidents.rule import failure_of
from gate.domain.model.alert import FailedFlow
from gate.domain.model.ids import IncidentId, InstallationId, RepositoryId
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.domain.model.runs import WorkflowRun
from tests.support.builders import reports
from tests.support.builders.defaults import NOW
from tests.support.builders.reports import make_validation_report
from tests.support.builders.runs import make_run

PLACE = IncidentPlace(InstallationId(5), RepositoryId(1), "production-frontend")


def make_flow(name: str, status: FlowStatus = FlowStatus.FAILED) -> Flow:
    """Make a flow of a report; by default one that failed."""
    failed = status is FlowStatus.FAILED
    return reports.make_flow(name, status, error="not visible" if failed else None)


def make_flow_report(run: WorkflowRun, *names: str, **changes: Any) -> ValidationReport:
    """Make a report of a run in which the flows of these names failed."""
    of_run: dict[str, Any] = {
        "repository_id": run.repository_id,
        "run_id": run.run_id,
        "run_attempt": run.run_attempt,
        "job_url": run.html_url,
        "artifact_urls": ("https://github.example/artifacts/1",),
    }
    flows = [make_flow(name) for name in names]
    return make_validation_report(*flows, **of_run | changes)


def make_evidence(
    state: ValidationState = ValidationState.FAILED, *failed: str, **changes: Any
) -> Evidence:
    """Make evidence of one run in this state, with a report if flows failed in it."""
    run = make_run(**changes)
    evidence = Evidence(state, run, f"the run is {state}")
    return reported(evidence, make_flow_report(run, *failed)) if failed else evidence


def reported(
    evidence: Evidence, report: ValidationReport, previous: ValidationReport | None = None
) -> Evidence:
    """Add what a run's job reported."""
    return replace(evidence, report=report, comparison=compare(report, previous))


def make_failure(*names: str, **changes: Any) -> Failure:
    """Make a failure in which these flows failed; without names nobody reported which."""
    failure = failure_of(make_evidence(ValidationState.FAILED, *names, **changes))
    assert failure is not None
    return failure


def make_incident(*names: str, **changes: Any) -> Incident:
    """Make an incident that has just been opened."""
    incident = open_incident(IncidentId(17), PLACE, NOW, Opened(make_failure(*names)))
    return replace(incident, **changes)


def flows(*names: str) -> tuple[FailedFlow, ...]:
    """List failed flows."""
    return tuple(FailedFlow(name, 1, "not visible") for name in names)


def after(**later: float) -> datetime:
    """Return the instant this long after `NOW`."""
    return NOW + timedelta(**later)


def lived(
    *happenings: Happening, actor: str = "carol"
) -> tuple[Incident, list[tuple[int, IncidentEvent]]]:
    """Let things happen to an incident, a minute apart; give it with its timeline."""
    incident = make_incident("a.yml")
    timeline = [(1, IncidentEvent(NOW, "gate", Opened(incident.failure)))]
    for position, what in enumerate(happenings, 2):
        event = IncidentEvent(after(minutes=position - 1), actor, what)
        incident = apply(incident, event)
        timeline.append((position, event))
    return incident, timeline
