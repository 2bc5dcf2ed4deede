"""The token that the action `report-validation` requests, and where it may be sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.actions.report_step import report
from tests.actions.samples import GREEN, RED
from tests.actions.stage import BEARER, Reply, Stage, run_step


def test_a_redirect_of_the_token_service_is_not_followed(tmp_path: Path, stage: Stage) -> None:
    """The runner's own token goes nowhere else either."""
    stage.issuer = [Reply(302, headers={"Location": f"{stage.url}/elsewhere"})]
    (error,) = report(tmp_path, stage).annotations("error")
    assert "token service answered 302" in error
    assert (stage.posts, stage.others) == ([], [])


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(200, {"value": "two words"}), "returned no token"),
        (Reply(200, {"value": "a.b.c\n::error::x"}), "returned no token"),
        (Reply(200, {"count": 1}), "returned no token"),
        (Reply(200, b"[" * 10_000), "returned no token"),
        (Reply(403, b""), "token service answered 403"),
    ],
)
def test_no_token(tmp_path: Path, stage: Stage, reply: Reply, words: str) -> None:
    """Without a token that looks like one nothing is sent."""
    stage.issuer = [reply]
    outcome = report(tmp_path, stage)
    assert (outcome.status, stage.posts) == (0, [])
    assert words in outcome.annotations("error")[0]


def test_a_job_without_the_permission(tmp_path: Path, stage: Stage) -> None:
    """The message says which permission the job lacks."""
    (tmp_path / "report.xml").write_bytes(RED)
    given = {"gate-url": stage.url, "junit-report": "report.xml"}
    outcome = run_step("report-validation", tmp_path, given, None)
    assert outcome.status == 1
    assert "`permissions: id-token: write`" in outcome.stdout


@pytest.mark.parametrize(("given", "asked"), [("", None), ("https://gate.example", True)])
def test_audience(tmp_path: Path, stage: Stage, given: str, asked: bool | None) -> None:
    """The token is for the gate's address, or for the audience that was asked for."""
    report(tmp_path, stage, audience=given)
    (request,) = stage.token_requests
    assert request.query == {"api-version": ["2"], "audience": [given if asked else stage.url]}
    assert request.headers["authorization"] == f"bearer {BEARER}"


def test_the_token_is_masked_before_it_is_used(tmp_path: Path, stage: Stage) -> None:
    """The runner stars the token out in whatever comes later."""
    outcome = report(tmp_path, stage)
    assert f"::add-mask::{stage.tokens[0]}" in outcome.stdout.splitlines()


@pytest.mark.parametrize(
    "url",
    [
        "http://gate.example",
        "ftp://gate.example",
        "file:///etc/passwd",
        "gate.example",
        "https://",
        "https://user:password@gate.example",
        "https://gate.example?x=1",
        "https://[",
        "https://gate.example:x",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "https://gäte.example",
    ],
)
def test_an_address_that_no_token_is_sent_to(tmp_path: Path, stage: Stage, url: str) -> None:
    """The step fails for it, after it has told how the flows ended."""
    outcome = report(tmp_path, stage, GREEN, gate_url=url)
    assert outcome.status == 1
    assert outcome.outputs == {"passed": "true", "failed-flows": "[]", "report-url": ""}
    assert "gate-url" in outcome.annotations("error")[0]
    assert "passed: 2 flows" in outcome.summary
    assert (stage.token_requests, stage.posts) == ([], [])
