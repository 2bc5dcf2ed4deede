"""The action `send-alert`, run as the runner runs it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.actions.samples import RED
from tests.actions.stage import Outcome, Reply, Stage, run_step

JOB = "https://github.example/acme/shop/actions/runs/12345"
CONTRACT = {
    "event": "production-validation-failed",
    "job-url": JOB,
    "terraform-deployment-id": "deploy-12345",
}


def alert(folder: Path, stage: Stage | None, **inputs: str) -> Outcome:
    """Run the action with the inputs of the contract, and more."""
    given = CONTRACT | {name.replace("_", "-"): value for name, value in inputs.items()}
    outcome = run_step("send-alert", folder, given, stage)
    assert outcome.stderr == ""
    return outcome


def content_of(outcome: Outcome) -> Any:
    """Read the alert out of the job summary."""
    found = re.search(r"<pre>\n(.*)\n</pre>", outcome.summary, re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


def test_the_contracts_own_step(tmp_path: Path) -> None:
    """With the contract's three inputs alone, the alert stands in the job summary."""
    outcome = alert(tmp_path, None)
    assert outcome.status == 0
    content = content_of(outcome)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", content.pop("timestamp"))
    assert content == {
        "event": "Production Validation Failed",
        "terraformDeploymentId": "deploy-12345",
        "githubJobUrl": JOB,
        "failedFlows": [],
        "artifactUrls": [],
        "nextSteps": [
            "Review production validation logs",
            "Check if infrastructure rollback is needed",
            "Investigate failed assertions",
        ],
    }
    assert "### Alert: <code>Production Validation Failed</code>" in outcome.summary
    assert "Production Validation Failed" in outcome.annotations("error")[0]


def test_with_gate_and_report(tmp_path: Path, stage: Stage) -> None:
    """The gate gets the event and the report, the summary the flows that failed."""
    (tmp_path / "report.xml").write_bytes(RED)
    outcome = alert(
        tmp_path,
        stage,
        gate_url=stage.url,
        junit_report="report.xml",
        artifact_urls="https://a.example/screenshots",
    )
    assert outcome.status == 0
    (post,) = stage.posts
    assert (post.path, post.headers["authorization"]) == (
        "/api/v1/alerts",
        f"Bearer {stage.tokens[0]}",
    )
    assert {name: value for name, value in post.json.items() if name != "flows"} == {
        "event": "production-validation-failed",
        "jobUrl": JOB,
        "terraformDeploymentId": "deploy-12345",
        "schemaVersion": 1,
        "artifactUrls": ["https://a.example/screenshots"],
    }
    assert [it["status"] for it in post.json["flows"]] == ["failed", "passed"]
    content = content_of(outcome)
    assert content["failedFlows"] == [
        {
            "flowName": "add-and-see.yml",
            "exitCode": 1,
            "error": "Assertion failed: expected element 'list' to be visible",
        }
    ]
    assert content["artifactUrls"] == ["https://a.example/screenshots"]
    assert "- Artifacts: [1](<https://a.example/screenshots>)" in outcome.summary
    assert "Alert received." in outcome.summary


def test_with_a_gate_alone(tmp_path: Path, stage: Stage) -> None:
    """Without a report the body has the three keys that every alert has."""
    alert(tmp_path, stage, gate_url=stage.url, terraform_deployment_id="")
    assert stage.posts[0].json == {
        "event": "production-validation-failed",
        "jobUrl": JOB,
        "terraformDeploymentId": None,
    }


@pytest.mark.parametrize("reply", [Reply(409, {"title": "No"}), Reply(503), Reply(drop=True)])
def test_the_alert_stands_in_the_summary_whatever_the_gate_says(
    tmp_path: Path, stage: Stage, reply: Reply
) -> None:
    """A gate that refuses, fails or hangs up hides no alert and fails no step."""
    stage.gate = [reply]
    outcome = alert(tmp_path, stage, gate_url=stage.url, timeout_seconds="1")
    assert outcome.status == 0
    assert content_of(outcome)["githubJobUrl"] == JOB
    assert "The alert was not delivered" in outcome.stdout


@pytest.mark.parametrize("data", [None, b"", b"<oops", b"<testsuites/>"])
def test_a_report_that_cannot_be_used(tmp_path: Path, stage: Stage, data: bytes | None) -> None:
    """The alert goes out without flows: a crash of Maestro leaves no report."""
    if data is not None:
        (tmp_path / "report.xml").write_bytes(data)
    outcome = alert(tmp_path, stage, gate_url=stage.url, junit_report="report.xml")
    assert outcome.status == 0
    assert "flows" not in stage.posts[0].json
    assert "alert sent without flows: report.xml" in outcome.stdout
    assert content_of(outcome)["failedFlows"] == []


@pytest.mark.parametrize(
    "inputs", [{"event": ""}, {"event": " \n"}, {"gate_url": "http://gate.example"}]
)
def test_inputs_that_cannot_be_used(tmp_path: Path, stage: Stage, inputs: dict[str, str]) -> None:
    """The step fails for them, and the alert stands in the summary before that."""
    outcome = alert(tmp_path, stage, **{"gate_url": stage.url, **inputs})
    assert outcome.status == 1
    assert content_of(outcome)["githubJobUrl"] == JOB
    assert stage.posts == []


def test_hostile_inputs(tmp_path: Path, stage: Stage) -> None:
    """Inputs may come from a dispatch: they are shown and do nothing."""
    hostile = "x</pre></details>\n# Heading\n::error::forged `x` <img>"
    outcome = alert(
        tmp_path, stage, event=hostile, job_url=hostile, terraform_deployment_id=hostile
    )
    assert "\n# Heading" not in outcome.summary
    assert "<img>" not in outcome.summary
    assert outcome.summary.count("</pre>") == outcome.summary.count("</details>") == 1
    assert not any(line.startswith("::error::forged") for line in outcome.stdout.splitlines())


def test_the_address_may_stand_in_the_jobs_environment(tmp_path: Path, stage: Stage) -> None:
    """So the contract's own step, which names no gate, reaches it."""
    outcome = run_step("send-alert", tmp_path, CONTRACT, stage, DEPLOYMENT_GATE_URL=stage.url)
    assert outcome.status == 0
    assert len(stage.posts) == 1
