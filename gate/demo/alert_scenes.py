"""The scenes in which validation fails, people are alerted, and it recovers."""

from __future__ import annotations

from typing import Final

import requests

from gate.demo.checks import Memory, Seen, timed
from gate.demo.stage import Stage

_FLOW: Final = "add-exercise-and-see-it-in-list.yml"
_CONTRACT: Final = (
    "event",
    "timestamp",
    "terraformDeploymentId",
    "githubJobUrl",
    "failedFlows",
    "artifactUrls",
    "nextSteps",
)


def job_reports(stage: Stage, memory: Memory) -> Seen:
    """Report as the shipped action does; the record must show the flow that failed."""
    memory.validation_id = stage.start_validation()
    flow = _failed(_FLOW, "Assertion failed")
    answers: list[requests.Response] = []

    def is_taken() -> bool:
        answers.append(_post_report(stage, memory.validation_id, flow))
        return answers[-1].status_code == 202  # noqa: PLR2004

    took = timed(stage, is_taken)
    if took is None:
        return Seen(ok=False, what=f"HTTP {answers[-1].status_code}")
    shown = requests.get(answers[-1].json()["url"], timeout=10).json()
    (kept,) = shown["report"]["flows"]
    what = f"HTTP 202, recorded: {kept['name']} {kept['status']}"
    return Seen(ok=kept["status"] == "failed", what=what, milliseconds=took)


def rerun_reports(stage: Stage, run_id: int) -> None:
    """Report of a re-run that the flow passes now: until then it stands as it was."""
    _post_report(stage, run_id, {"flowName": _FLOW, "status": "passed", "exitCode": 0})


def report_failure(stage: Stage, run_id: int, flow: str, error: str) -> None:
    """Report that one flow failed, and that another passed."""
    passed = {"flowName": _FLOW, "status": "passed", "exitCode": 0}
    _post_report(stage, run_id, _failed(flow, error), passed)


def _failed(flow: str, error: str) -> dict[str, object]:
    return {"flowName": flow, "status": "failed", "exitCode": 1, "error": error}


def _post_report(stage: Stage, run_id: int, *flows: dict[str, object]) -> requests.Response:
    report = {"schemaVersion": 1, "jobUrl": stage.job_url(run_id), "flows": flows}
    token = stage.github.mint_token(run_id, stage.url)
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(
        f"{stage.url}/api/v1/validations", json=report, headers=headers, timeout=10
    )


def people_are_alerted(stage: Stage, memory: Memory) -> Seen:
    """Wait for the page; it must carry the contract's fields and name the flow."""
    del memory
    took = timed(stage, lambda: bool(stage.mailbox.alerts))
    if took is None:
        return Seen(ok=False, what="no alert")
    alert = stage.mailbox.alerts[0]
    flows = [it["flowName"] for it in alert["failedFlows"]]
    is_whole = list(alert)[: len(_CONTRACT)] == list(_CONTRACT)
    what = f"{alert['severity']}: {', '.join(flows)}"
    return Seen(ok=is_whole and flows == [_FLOW], what=what, milliseconds=took)


def validation_fails(stage: Stage, memory: Memory) -> Seen:
    """End the run that reported, red."""
    stage.github.complete_run(memory.validation_id, "failure")
    view = stage.github.run_view(memory.validation_id)
    return Seen(ok=view.conclusion == "failure", what=f"run {view.id}: {view.conclusion}")


def recovery_is_told(stage: Stage, memory: Memory) -> Seen:
    """Wait for the end of the incident; there was one page and no more."""
    del memory

    def is_over() -> bool:
        return stage.mailbox.events()[-1:] == ["Production Validation Recovered"]

    took = timed(stage, is_over)
    severities = [it["severity"] for it in stage.mailbox.alerts]
    pages = severities.count("critical")
    ok = took is not None and pages == 1
    return Seen(ok=ok, what=f"{pages} page, then the recovery", milliseconds=took)
