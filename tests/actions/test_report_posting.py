"""The action `report-validation` sends its report to the gate, and the gate refuses or fails."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.actions.report_step import report
from tests.actions.samples import GREEN, RED
from tests.actions.stage import Reply, Stage, run_step
from tests.support.ports import unused_port


@pytest.mark.parametrize(("data", "status"), [(GREEN, 0), (RED, 1)])
def test_a_gate_that_cannot_be_reached(
    tmp_path: Path, stage: Stage, data: bytes, status: int
) -> None:
    """The warning gives the reason, and the step ends as the flows did."""
    outcome = report(
        tmp_path, stage, data, gate_url=f"http://127.0.0.1:{unused_port()}", timeout_seconds="1"
    )
    assert outcome.status == status
    assert outcome.outputs["report-url"] == ""
    (warning,) = outcome.annotations("warning")
    assert "The report was not delivered: " in warning
    assert "refused" in warning
    assert "The report was not delivered" in outcome.summary


def test_an_answer_that_never_comes(tmp_path: Path, stage: Stage) -> None:
    """A gate that takes the connection and stays silent is given up in time."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        outcome = report(
            tmp_path,
            stage,
            gate_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            timeout_seconds="1",
        )
    assert outcome.status == 0
    assert re.search(r"no answer within|timed out", outcome.annotations("warning")[0])


@pytest.mark.parametrize("status", [401, 403, 409, 413, 422])
def test_a_gate_that_says_no(tmp_path: Path, stage: Stage, status: int) -> None:
    """What the gate finds wrong is shown, nothing is sent again, and the flows decide the step."""
    problem = {
        "title": "Not taken",
        "status": status,
        "detail": "See the list::error::",
        "reason": "some_slug",
        "problems": ["flows[0].status: unknown", {"path": "jobUrl", "message": "of another"}],
    }
    stage.gate = [Reply(status, problem, {"Content-Type": "application/problem+json"})]
    outcome = report(tmp_path, stage)
    assert outcome.status == 0
    assert len(stage.posts) == 1
    (error,) = outcome.annotations("error")
    shown = f"The report was not delivered: the gate answered {status}: Not taken; See the list"
    assert shown in error
    assert "some_slug; flows[0].status: unknown" in error
    assert '"path": "jobUrl"' in error
    assert f"the gate answered {status}" in outcome.summary


def test_a_refusal_without_a_problem_document(tmp_path: Path, stage: Stage) -> None:
    """A proxy's page is not shown, its status is."""
    stage.gate = [Reply(403, b"<html>no</html>")]
    (error,) = report(tmp_path, stage).annotations("error")
    assert error.endswith("answered 403")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_gate_that_recovers(tmp_path: Path, stage: Stage, status: int) -> None:
    """A failure of the moment is tried again, with a token of its own."""
    stage.gate = [Reply(status), Reply(202, {"url": "/validations/7"})]
    outcome = report(tmp_path, stage)
    assert outcome.status == 0
    assert [it.json for it in stage.posts] == [stage.posts[0].json] * 2
    used = [it.headers["authorization"] for it in stage.posts]
    assert used == [f"Bearer {token}" for token in stage.tokens]
    assert len(set(used)) == 2
    assert outcome.outputs["report-url"] == f"{stage.url}/validations/7"
    assert outcome.annotations("warning") == []


def test_a_lost_answer_and_then_a_conflict(tmp_path: Path, stage: Stage) -> None:
    """Where the first try may have arrived, the refusal of the second says so."""
    stage.gate = [Reply(drop=True), Reply(409, {"title": "Another report"})]
    (error,) = report(tmp_path, stage).annotations("error")
    assert "Another report; an earlier attempt, whose answer was lost, may have arrived" in error


def test_a_gate_that_asks_for_more_time_than_there_is(tmp_path: Path, stage: Stage) -> None:
    """A wait beyond the limit is not begun."""
    stage.gate = [Reply(503, {"title": "Busy"}, {"Retry-After": "3600"})]
    (warning,) = report(tmp_path, stage).annotations("warning")
    assert "answered 503: Busy" in warning
    assert len(stage.posts) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(tmp_path: Path, stage: Stage, status: int) -> None:
    """A token goes nowhere but to the gate."""
    stage.gate = [Reply(status, headers={"Location": f"{stage.url}/elsewhere"})]
    (error,) = report(tmp_path, stage).annotations("error")
    assert f"the gate answered {status}, a redirect" in error
    assert (len(stage.posts), stage.others) == (1, [])


@pytest.mark.parametrize(
    ("status", "level"), [(200, "error"), (204, "error"), (418, "error"), (502, "warning")]
)
def test_only_202_is_taken_for_an_answer(
    tmp_path: Path, stage: Stage, status: int, level: str
) -> None:
    """A page that something else serves in the gate's place is not the gate's word."""
    stage.gate = [Reply(status, b"" if status == 204 else b"hello")]
    outcome = report(tmp_path, stage, timeout_seconds="1")
    assert f"the gate answered {status}" in outcome.annotations(level)[0]
    assert "received" not in outcome.summary


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"url": "/validations/7"}, "/validations/7"),
        ({"url": "https://evil.example/7"}, ""),
        ({"url": "//evil.example/7"}, ""),
        ({"url": "/x)\n# Heading"}, ""),
        ({"url": 7}, ""),
        ([], ""),
    ],
)
def test_report_url(tmp_path: Path, stage: Stage, answer: object, shown: str) -> None:
    """The address of the record is passed on only if it is one of the gate's own."""
    stage.gate = [Reply(202, answer)]
    outcome = report(tmp_path, stage)
    assert outcome.outputs["report-url"] == (f"{stage.url}{shown}" if shown else "")


def test_a_proxy_is_not_asked_for_loopback(tmp_path: Path, stage: Stage) -> None:
    """It would see the token in plain text, and look for the gate on its own machine."""
    (tmp_path / "report.xml").write_bytes(GREEN)
    given = {"gate-url": stage.url, "junit-report": "report.xml", "timeout-seconds": "1"}
    proxy = f"http://127.0.0.1:{unused_port()}"
    outcome = run_step("report-validation", tmp_path, given, stage, http_proxy=proxy)
    assert (outcome.status, len(stage.posts)) == (0, 1)
