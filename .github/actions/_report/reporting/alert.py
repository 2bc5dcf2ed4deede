"""The action `send-alert`: show in the job that production validation failed, and tell the gate."""

from __future__ import annotations

from datetime import datetime, timezone

from reporting import inputs
from reporting.commands import add_summary, annotate
from reporting.finding import read_flows
from reporting.flows import Flow
from reporting.payload import alert_body, alert_content
from reporting.problem import InputProblem, ReportProblem
from reporting.summary import render_alert
from reporting.telling import tell_gate
from reporting.wording import cut

PATH = "/api/v1/alerts"
FAILURE = 1
_EVENT_LIMIT = 100


def run() -> int:
    """Run the action, and return the step's exit status.

    The job summary shows the alert before the gate is called. The alert is sent without flows when
    their report cannot be read, since that is often what the alert is about.
    """
    event = cut(inputs.read_text("event"), _EVENT_LIMIT)
    job = inputs.read_job()
    flows = _read_flows()
    content = alert_content(event, job, flows, datetime.now(timezone.utc))
    add_summary(render_alert(content, flows))
    try:
        gate = inputs.read_gate()
        inputs.check_given("event")
    except InputProblem as problem:
        annotate("error", str(problem), title="Inputs of send-alert")
        return FAILURE
    annotate("error", f"{content['event']}: see the job summary", title="Alert")
    tell_gate(gate, PATH, lambda: alert_body(event, job, flows), what="alert")
    return 0


def _read_flows() -> tuple[Flow, ...]:
    patterns = inputs.read_lines("junit-report")
    if not patterns:
        return ()
    try:
        return read_flows(patterns)
    except ReportProblem as problem:
        annotate(
            "warning", f"alert sent without flows: {problem}", file=problem.file, line=problem.line
        )
        return ()
