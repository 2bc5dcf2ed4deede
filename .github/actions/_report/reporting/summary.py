"""Write the job summary. Pure; text that others wrote is escaped."""

from __future__ import annotations

import json

from reporting.flows import Flow, Status, passed, unpassed, worst_first
from reporting.markdown import code, is_web_address, link, preformatted
from reporting.payload import AlertContent
from reporting.problem import ReportProblem

ROW_LIMIT = 500

_SHOWN = {
    Status.PASSED: "✅ passed",
    Status.WARNED: "⚠️ passed with a warning",
    Status.FLAKY: "⚠️ passed after a retry",
    Status.NOT_RUN: "⛔ did not complete",
    Status.FAILED: "❌ failed",
}


def render_validation(flows: tuple[Flow, ...]) -> str:
    """Write the table of flows, those that did not pass first."""
    verdict = "passed" if passed(flows) else "failed"
    counted = f"{len(flows)} flows" if len(flows) != 1 else "1 flow"
    wrong = len(unpassed(flows))
    counted = f"{wrong} of {counted} did not pass" if wrong else counted
    return f"### Production validation {verdict}: {counted}\n\n{_render_flows(flows)}"


def render_problem(problem: ReportProblem) -> str:
    """Write why the summary has no table."""
    return f"### Production validation failed: the report cannot be read\n\n{code(str(problem))}"


def render_alert(content: AlertContent, flows: tuple[Flow, ...]) -> str:
    """Write the alert for people, then its JSON."""
    job_url = content["githubJobUrl"]
    lines = [
        f"### Alert: {code(content['event'])}",
        "",
        f"- Time: {content['timestamp']}",
        f"- Terraform deployment: {code(content['terraformDeploymentId'] or 'unknown')}",
        f"- Job: {link('run', job_url) if is_web_address(job_url) else code(job_url)}",
        *_render_artifacts(content["artifactUrls"]),
        "",
    ]
    wrong = unpassed(flows)
    if wrong:
        lines += [_render_flows(wrong), ""]
    lines += ["Next steps:", "", *(f"1. {step}" for step in content["nextSteps"]), ""]
    as_json = json.dumps(content, ensure_ascii=False, indent=2)
    block = f"<details><summary>As JSON</summary>\n\n{preformatted(as_json)}\n\n</details>"
    return "\n".join([*lines, block])


def _render_flows(flows: tuple[Flow, ...]) -> str:
    rows = [_render_row(flow) for flow in worst_first(flows)[:ROW_LIMIT]]
    table = "\n".join(
        [
            "| flow | result | seconds | attempts | note |",
            "| --- | --- | ---: | ---: | --- |",
            *rows,
        ]
    )
    left = len(flows) - len(rows)
    return f"{table}\n\n… and {left:,} more" if left else table


def _render_row(flow: Flow) -> str:
    seconds = "" if flow.seconds is None else f"{flow.seconds:.1f}"
    note = "" if flow.note is None else code(flow.note)
    cells = [code(flow.name), _SHOWN[flow.status], seconds, str(flow.attempts), note]
    return f"| {' | '.join(cells)} |"


def _render_artifacts(urls: list[str]) -> list[str]:
    shown = ", ".join(link(str(number), url) for number, url in enumerate(urls, start=1))
    return [f"- Artifacts: {shown}"] if shown else []
