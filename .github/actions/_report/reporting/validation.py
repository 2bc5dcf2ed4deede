"""The action `report-validation`: show people how the flows ended, and report it to the gate."""

from __future__ import annotations

import json

from reporting import inputs
from reporting.commands import add_summary, annotate, set_output
from reporting.finding import read_flows
from reporting.flows import Flow, Status, passed, unpassed
from reporting.junit import NAME_LIMIT
from reporting.payload import Job, validation_body
from reporting.posting import Gate
from reporting.problem import InputProblem, ReportProblem
from reporting.summary import render_problem, render_validation
from reporting.telling import tell_gate
from reporting.wording import cut

PATH = "/api/v1/validations"
FAILURE = 1
_SHOWN_FLOWS = 9
"""GitHub shows ten annotations of a kind for a step."""


def run() -> int:
    """Run the action, and return the step's exit status.

    The job shows the flows first: no failure on the way to the gate may hide how they ended.
    """
    try:
        flows, is_broken = read_flows(inputs.read_lines("junit-report")), False
    except ReportProblem as problem:
        flows, is_broken = (_stand_in(problem),), True
        annotate("error", str(problem), title="Report", file=problem.file, line=problem.line)
        add_summary(render_problem(problem))
    else:
        add_summary(render_validation(flows))
        _annotate_flows(unpassed(flows))
    set_output("passed", "true" if passed(flows) else "false")
    set_output("failed-flows", json.dumps([flow.name for flow in unpassed(flows)]))
    try:
        fails = inputs.read_flag("fail-on-error")
        gate, job = inputs.read_gate(), inputs.read_job()
    except InputProblem as problem:
        set_output("report-url", "")
        annotate("error", str(problem), title="Inputs of report-validation")
        return FAILURE
    set_output("report-url", _report(gate, job, flows))
    return FAILURE if is_broken or (fails and not passed(flows)) else 0


def _report(gate: Gate | None, job: Job, flows: tuple[Flow, ...]) -> str:
    return tell_gate(gate, PATH, lambda: validation_body(job, flows), what="report")


def _stand_in(problem: ReportProblem) -> Flow:
    """Return the failed flow that is reported when no report can be read."""
    return Flow(cut(f"report {problem.file}", NAME_LIMIT), Status.FAILED, str(problem))


def _annotate_flows(flows: tuple[Flow, ...]) -> None:
    for flow in flows[:_SHOWN_FLOWS]:
        annotate("error", flow.note or flow.status.value, title=f"Flow {flow.name}")
    left = len(flows) - _SHOWN_FLOWS
    if left > 0:
        annotate("error", f"{left} more flows did not pass; the job summary lists them")
