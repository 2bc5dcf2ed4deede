"""Decide what the latest validation means for an incident: it opens, continues, or is resolved.

Pure. The rule looks at the current state, not at changes, and may run at any time and any number of
times. So lost and duplicate deliveries do not open or close incidents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from gate.domain.evidence.comparison import Comparison
from gate.domain.evidence.evidence import Evidence
from gate.domain.evidence.report_limits import fit
from gate.domain.incidents.events import (
    Decided,
    Detailed,
    FailedAgain,
    Failure,
    Happening,
    IncidentEvent,
    Opened,
    Recovery,
    Reopened,
    Resolution,
    Resolved,
)
from gate.domain.incidents.incident import GATE, REOPEN_WITHIN, Incident
from gate.domain.model.alert import FailedFlow
from gate.domain.model.course import Course
from gate.domain.model.policy.policy import ValidationState
from gate.domain.model.reports import AlertReport, ValidationReport
from gate.domain.model.runs import WorkflowRun

_GREEN: Final = frozenset(
    {ValidationState.PASSED, ValidationState.STALE, ValidationState.UNCOVERED}
)
"""The run succeeded. Whether it releases a deployment is a separate question."""

_MOST_EVENTS: Final = 3
_MOST_ERRORS: Final = 32 * 1024
"""Bytes of all errors of a failure, which is stored with the incident and each of its alerts."""


def failure_of(evidence: Evidence, alerts: Sequence[AlertReport] = ()) -> Failure | None:
    """Return the failure, if there is one. `alerts` are those that the run attempt's jobs sent.

    A report with failed flows counts before the run has ended, so that people need not wait for the
    job's clean-up, and also after a run that passed. An alert counts once the run has ended: the
    job wanted to call people, although the gate holds no deployment because of it.
    """
    run, report = evidence.run, evidence.report
    if run is None:
        return None
    detail, by_alert_only = evidence.detail, False
    has_failed_flows = report is not None and report.failures > 0
    if not (evidence.state is ValidationState.FAILED or has_failed_flows):
        if not alerts or not run.is_completed:
            return None
        detail = _raised(alerts, run)
        by_alert_only = evidence.state in _GREEN
    known = Failure(
        run.run_id,
        run.run_attempt,
        run.head_sha,
        run.html_url,
        detail,
        by_alert_only=by_alert_only,
    )
    told = known if report is None else _told(known, report, evidence.comparison)
    return _with_alerts(told, alerts)


def _raised(alerts: Sequence[AlertReport], run: WorkflowRun) -> str:
    events = ", ".join(dict.fromkeys(alert.event for alert in alerts[:_MOST_EVENTS]))
    return f"the job sent the alert {events}, although the run ended with {run.conclusion}"


def _with_alerts(failure: Failure, alerts: Sequence[AlertReport]) -> Failure:
    """Add the change and the artifacts from alerts, when the report lacks them."""
    change = next((it.terraform_deployment_id for it in alerts if it.terraform_deployment_id), None)
    urls = tuple(dict.fromkeys(url for alert in alerts for url in alert.artifact_urls))
    return replace(
        failure,
        terraform_deployment_id=failure.terraform_deployment_id or change,
        artifact_urls=failure.artifact_urls or urls,
    )


def _told(known: Failure, report: ValidationReport, comparison: Comparison | None) -> Failure:
    """Add the reported flows, which of them are newly failing, and the artifacts."""
    newly = None
    if comparison is not None and comparison.previous_run_id is not None:
        newly = tuple(flow.name for flow in comparison.newly_failing)
    errors = fit([flow.error or "" for flow in report.failed], _MOST_ERRORS)
    return replace(
        known,
        flows=tuple(
            FailedFlow(flow.name, flow.exit_code, error)
            for flow, error in zip(report.failed, errors, strict=True)
        ),
        unnamed=report.left_out.failed,
        newly_failing=newly,
        terraform_deployment_id=report.terraform_deployment_id,
        artifact_urls=report.artifact_urls,
    )


def observe_validation(
    incident: Incident | None,
    evidence: Evidence,
    now: datetime,
    artifact_urls: tuple[str, ...] = (),
    alerts: Sequence[AlertReport] = (),
) -> IncidentEvent | None:
    """Return the event that the latest validation adds, if any.

    `incident` is the newest one of the environment, open or resolved; None when there was none. A
    running or inconclusive validation changes nothing, and so does a green run whose report says
    that flows did not run. An Opened is for a new incident. `artifact_urls` are those that GitHub
    lists for the run, used when the job reported none. `alerts` are those of the job.
    """
    failure = failure_of(evidence, alerts)
    if failure is not None and not failure.artifact_urls:
        failure = replace(failure, artifact_urls=artifact_urls)
    what: Happening | None = None
    if failure is not None:
        what = _failing(incident, failure, now)
    elif incident is not None and incident.is_open and _is_over(evidence):
        what = Resolved(Resolution.VALIDATION_PASSED, "", _recovery(evidence.run))
    return IncidentEvent(now, GATE, what) if what is not None else None


def _recovery(run: WorkflowRun | None) -> Recovery | None:
    if run is None:
        return None
    return Recovery(run.run_id, run.run_attempt, run.head_sha, run.html_url)


def _is_over(evidence: Evidence) -> bool:
    return evidence.state in _GREEN and (evidence.report is None or evidence.report.is_pass)


def _failing(incident: Incident | None, failure: Failure, now: datetime) -> Happening | None:
    if incident is None:
        return Opened(failure)
    if incident.is_open:
        return _more_of(incident.failure, failure)
    if _was_ended_by_people(incident, failure) or _is_accepted(incident, failure):
        return None
    is_soon = incident.resolved is not None and now - incident.resolved.at <= REOPEN_WITHIN
    return Reopened(failure) if is_soon else Opened(failure)


def _was_ended_by_people(incident: Incident, failure: Failure) -> bool:
    """Return whether people resolved the incident about this very attempt.

    An incident that was resolved because another run passed, or nothing was gated, continues when
    this attempt counts again: the policy may have changed and changed back.
    """
    is_same = failure.attempt == incident.failure.attempt
    return is_same and incident.how in {Resolution.BY_HAND, Resolution.RISK_ACCEPTED}


def _more_of(known: Failure, seen: Failure) -> Happening | None:
    """Return what a failure adds to the last one: another attempt, other flows, artifacts."""
    urls = seen.artifact_urls or known.artifact_urls
    is_same = replace(known, artifact_urls=urls) == replace(seen, artifact_urls=urls)
    if known.attempt != seen.attempt or (seen.flows and not is_same):
        return FailedAgain(seen)
    return Detailed(urls) if urls != known.artifact_urls else None


def _is_accepted(incident: Incident, failure: Failure) -> bool:
    """Return whether the risk of this failure was accepted: the same flows fail, or fewer.

    A failure with unnamed flows never counts as the same.
    """
    if incident.how is not Resolution.RISK_ACCEPTED or not failure.flows or failure.unnamed:
        return False
    accepted = {flow.flow_name for flow in incident.failure.flows}
    return accepted.issuperset(flow.flow_name for flow in failure.flows)


def decide_course(
    incident: Incident, course: Course, why: str, *, actor: str, now: datetime
) -> tuple[IncidentEvent, ...]:
    """Return the events of a person's decision; accepting the risk resolves the incident."""
    decided = IncidentEvent(now, actor, Decided(course, why))
    if course is not Course.ACCEPT_RISK or not incident.is_open:
        return (decided,)
    return decided, IncidentEvent(now, actor, Resolved(Resolution.RISK_ACCEPTED, why))
