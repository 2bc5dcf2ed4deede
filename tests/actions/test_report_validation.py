"""The action `report-validation`, run as the runner runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.actions.report_step import FLOW, report
from tests.actions.samples import RED, case, plain
from tests.actions.stage import Stage


def test_green(tmp_path: Path, stage: Stage) -> None:
    """A report whose flows all passed is sent, and the step succeeds."""
    outcome = report(
        tmp_path,
        stage,
        terraform_deployment_id="deploy-12345",
        artifact_urls="https://github.example/a/1\nhttps://github.example/a/2",
    )
    assert outcome.status == 0
    assert outcome.outputs == {"passed": "true", "failed-flows": "[]", "report-url": ""}
    (post,) = stage.posts
    assert (post.method, post.path) == ("POST", "/api/v1/validations")
    assert post.headers["content-type"] == "application/json"
    assert post.headers["authorization"] == f"Bearer {stage.tokens[0]}"
    assert post.json == {
        "schemaVersion": 1,
        "jobUrl": "https://github.example/acme/shop/actions/runs/12345",
        "terraformDeploymentId": "deploy-12345",
        "artifactUrls": ["https://github.example/a/1", "https://github.example/a/2"],
        "flows": [
            {
                "flowName": "open-the-app.yml",
                "status": "passed",
                "exitCode": 0,
                "error": None,
                "durationSeconds": 4.2,
                "attempts": 1,
            },
            {
                "flowName": FLOW,
                "status": "passed",
                "exitCode": 0,
                "error": None,
                "durationSeconds": 21.0,
                "attempts": 1,
            },
        ],
    }
    assert "### Production validation passed: 2 flows" in outcome.summary
    assert f"| <code>{FLOW}</code> | ✅ passed | 21.0 | 1 |  |" in outcome.summary
    assert "Report received." in outcome.summary
    assert outcome.annotations("error") == outcome.annotations("warning") == []


def test_red(tmp_path: Path, stage: Stage) -> None:
    """A failed flow is sent, shown at the job, named in the outputs, and fails the step."""
    outcome = report(tmp_path, stage, RED)
    assert outcome.status == 1
    assert outcome.outputs["passed"] == "false"
    assert json.loads(outcome.outputs["failed-flows"]) == [FLOW]
    assert stage.posts[0].json["terraformDeploymentId"] is None
    assert stage.posts[0].json["flows"][0] == {
        "flowName": FLOW,
        "status": "failed",
        "exitCode": 1,
        "error": "Assertion failed: expected element 'list' to be visible",
        "durationSeconds": 21.0,
        "attempts": 1,
    }
    assert "### Production validation failed: 1 of 2 flows did not pass" in outcome.summary
    assert outcome.annotations("error") == [
        f"::error title=Flow {FLOW}::Assertion failed: expected element 'list' to be visible"
    ]


def test_red_without_failing_the_step(tmp_path: Path, stage: Stage) -> None:
    """With fail-on-error off, only the outputs and the gate say that it failed."""
    outcome = report(tmp_path, stage, RED, fail_on_error="false")
    assert (outcome.status, outcome.outputs["passed"]) == (0, "false")
    assert [it["status"] for it in stage.posts[0].json["flows"]] == ["failed", "passed"]


@pytest.mark.parametrize("status", ["CANCELED", "STOPPED", "PENDING", "RUNNING"])
def test_a_flow_that_did_not_run_fails_the_step(tmp_path: Path, stage: Stage, status: str) -> None:
    """Maestro counts no failure for it, and it is no pass."""
    outcome = report(tmp_path, stage, plain(case("a"), case("b", status), failures=0))
    assert (outcome.status, outcome.outputs["passed"]) == (1, "false")
    assert outcome.outputs["failed-flows"] == '["b"]'
    assert stage.posts[0].json["flows"][0]["status"] == "not_run"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<testsuites>\n<oops>\n</testsuites>", "report.xml, line 3: not valid XML"),
        (b"<!DOCTYPE x><testsuites/>", "report.xml, line 1: contains a DOCTYPE"),
        (b"<testsuites/>", "report.xml, line 1: contains no flow"),
        (b"", "report.xml: the file is empty"),
        (None, "report.xml: no report found"),
    ],
)
@pytest.mark.parametrize("fail_on_error", ["true", "false"])
def test_a_report_that_cannot_be_used(
    tmp_path: Path, stage: Stage, data: bytes | None, words: str, fail_on_error: str
) -> None:
    """The step fails in any case, says file and line, and the gate is told of a failure."""
    outcome = report(tmp_path, stage, data, fail_on_error=fail_on_error)
    assert (outcome.status, outcome.outputs["passed"]) == (1, "false")
    assert outcome.outputs["failed-flows"] == '["report report.xml"]'
    (error,) = outcome.annotations("error")
    assert error.startswith("::error title=Report,file=report.xml")
    assert words in error
    assert words in outcome.summary.replace("&#58;", ":").replace("&#60;", "<")
    (told,) = stage.posts[0].json["flows"]
    assert (told["status"], told["exitCode"]) == ("failed", 1)
    assert words in told["error"]


@pytest.mark.parametrize(
    ("status", "exit_code"), [("SUCCESS", 0), ("WARNING", 0), ("ERROR", 1), ("CANCELED", 1)]
)
def test_exit_code(tmp_path: Path, stage: Stage, status: str, exit_code: int) -> None:
    """Every pass has Maestro's exit code of a pass."""
    report(tmp_path, stage, plain(case("f", status)))
    assert stage.posts[0].json["flows"][0]["exitCode"] == exit_code


def test_many_failures(tmp_path: Path, stage: Stage) -> None:
    """GitHub shows ten annotations of a step; the last one says how many more there are."""
    outcome = report(tmp_path, stage, plain(*(case(f"f{n}", "ERROR", "gone") for n in range(30))))
    errors = outcome.annotations("error") + [
        it for it in outcome.stdout.splitlines() if it.startswith("::error::")
    ]
    assert len(errors) == 10
    assert errors[-1] == "::error::21 more flows did not pass; the job summary lists them"


def test_a_large_report_fits(tmp_path: Path, stage: Stage) -> None:
    """Messages are shortened until the gate can take the body; no flow is left out."""
    cases = [case(f"flow-{n}", "ERROR", "x" * 3_000) for n in range(2_000)]
    outcome = report(tmp_path, stage, plain(*cases, case("good")))
    (post,) = stage.posts
    assert len(post.body) <= 1024 * 1024
    assert len(post.json["flows"]) == 2_001
    assert len(outcome.summary.encode()) < 1024 * 1024
    assert "more" in outcome.summary


def test_a_report_that_cannot_fit(tmp_path: Path, stage: Stage) -> None:
    """Rather than a part, nothing is sent, and the step still fails for its flows."""
    cases = [case(f"{n}-{'n' * 190}", "ERROR", "gone") for n in range(5_000)]
    outcome = report(tmp_path, stage, plain(*cases))
    assert (outcome.status, stage.posts) == (1, [])
    assert "5,000 flows do not fit" in outcome.annotations("warning")[0]


def test_a_module_in_the_checkout_is_not_imported(tmp_path: Path, stage: Stage) -> None:
    """A file named like one of Python's own modules changes nothing."""
    for name in ("json.py", "reporting.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('hijacked')")
    assert report(tmp_path, stage).status == 0
