"""The action `report-validation`, run as the runner runs it."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from tests.actions.samples import GREEN, RED, case, plain
from tests.actions.stage import BEARER, Outcome, Reply, Stage, run_step

FLOW = "add-and-see.yml"


def report(folder: Path, stage: Stage, data: bytes | None = GREEN, **inputs: str) -> Outcome:
    """Run the action over a report; None writes none."""
    if data is not None:
        (folder / "report.xml").write_bytes(data)
    given = {"gate-url": stage.url, "junit-report": "report.xml"}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    outcome = run_step("report-validation", folder, given, stage)
    assert outcome.stderr == ""
    check_secrets(outcome, stage)
    return outcome


def check_secrets(outcome: Outcome, stage: Stage) -> None:
    """No token is written anywhere but in the command that masks it."""
    lines = [it for it in outcome.stdout.splitlines() if not it.startswith("::add-mask::")]
    written = "\n".join([*lines, outcome.stderr, outcome.summary, *outcome.outputs.values()])
    assert not any(secret in written for secret in [*stage.tokens, BEARER])


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


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
        return port


@pytest.mark.parametrize(("data", "status"), [(GREEN, 0), (RED, 1)])
def test_a_gate_that_cannot_be_reached(
    tmp_path: Path, stage: Stage, data: bytes, status: int
) -> None:
    """The warning gives the reason, and the step ends as the flows did."""
    outcome = report(
        tmp_path, stage, data, gate_url=f"http://127.0.0.1:{free_port()}", timeout_seconds="1"
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


def test_a_redirect_of_the_token_service_is_not_followed(tmp_path: Path, stage: Stage) -> None:
    """The runner's own token goes nowhere else either."""
    stage.issuer = [Reply(302, headers={"Location": f"{stage.url}/elsewhere"})]
    (error,) = report(tmp_path, stage).annotations("error")
    assert "token service answered 302" in error
    assert (stage.posts, stage.others) == ([], [])


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


@pytest.mark.parametrize(
    "inputs",
    [{"fail_on_error": "perhaps"}, {"timeout_seconds": "0"}, {"timeout_seconds": "601"}],
)
def test_an_input_that_cannot_be_read(tmp_path: Path, stage: Stage, inputs: dict[str, str]) -> None:
    """A mistyped input fails the step instead of being guessed."""
    outcome = report(tmp_path, stage, GREEN, **inputs)
    assert outcome.status == 1
    assert next(iter(inputs)).replace("_", "-") in outcome.annotations("error")[0]
    assert stage.posts == []


def test_without_an_address(tmp_path: Path, stage: Stage) -> None:
    """Nothing is sent, and a warning says so."""
    outcome = report(tmp_path, stage, gate_url="")
    assert outcome.status == 0
    assert "the report was not sent" in outcome.annotations("warning")[0]


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


HOSTILE = (
    "x\n::error::forged",
    "::set-output name=passed::true",
    "##[error]forged",
    "%0A::warning::forged",
    "| a | b |",
    "`x` **bold** _it_ ~~gone~~",
    "<img src=x onerror=alert(1)> <!-- </code></pre>",
    "[click](https://evil.example) ![x](https://evil.example)",
    "@octocat #1 www.evil.example https://evil.example :tada:",
    "a\u202eb\u2066c",
    "--> \\| \\` $x$ &lt;",
    "name,line=7::x",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(tmp_path: Path, stage: Stage, text: str) -> None:
    """Names and messages are shown, and are neither commands nor Markdown nor outputs."""
    outcome = report(tmp_path, stage, plain(case(text, "ERROR", text), case("b", "ERROR", text)))
    assert outcome.status == 1
    assert outcome.outputs["passed"] == "false"
    for line in outcome.stdout.splitlines():
        assert re.match(r"::(?:error title=Flow |add-mask::)", line)
        assert "##[" not in line
        assert "forged" not in line.partition("::")[0]
    assert [it.partition("::error title=Flow b::")[1] for it in outcome.annotations("error")][1]
    rows = [line for line in outcome.summary.splitlines() if "❌" in line]
    assert len(rows) == 2
    for row in rows:
        cells = re.fullmatch(
            r"\| <code>(.*)</code> \| ❌ failed \|  \| 1 \| <code>(.*)</code> \|", row
        )
        assert cells is not None
        for cell in cells.groups():
            assert not re.search(r"[\\`*_\[\]<>|~@$\u202e]|#(?!\d+;)|&(?!#\d+;)", cell)
            assert not re.search(r"https?:\S|www\.|:tada", cell)


def test_a_name_adds_no_property_to_its_annotation(tmp_path: Path, stage: Stage) -> None:
    """Commas and colons end a property, so in a name they are escaped."""
    outcome = report(tmp_path, stage, plain(case("a,file=b:c%", "ERROR", "gone")))
    assert outcome.annotations("error") == ["::error title=Flow a%2Cfile=b%3Ac%25::gone"]


def test_a_proxy_is_not_asked_for_loopback(tmp_path: Path, stage: Stage) -> None:
    """It would see the token in plain text, and look for the gate on its own machine."""
    (tmp_path / "report.xml").write_bytes(GREEN)
    given = {"gate-url": stage.url, "junit-report": "report.xml", "timeout-seconds": "1"}
    proxy = f"http://127.0.0.1:{free_port()}"
    outcome = run_step("report-validation", tmp_path, given, stage, http_proxy=proxy)
    assert (outcome.status, len(stage.posts)) == (0, 1)


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


def test_artifact_addresses_that_are_none(tmp_path: Path, stage: Stage) -> None:
    """They are left out with a warning, and the report is sent all the same."""
    outcome = report(tmp_path, stage, artifact_urls="javascript:x https://a.example/1 http://b <b>")
    assert stage.posts[0].json["artifactUrls"] == ["https://a.example/1"]
    assert "3 URLs left out" in outcome.stdout


def test_a_module_in_the_checkout_is_not_imported(tmp_path: Path, stage: Stage) -> None:
    """A file named like one of Python's own modules changes nothing."""
    for name in ("json.py", "reporting.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('hijacked')")
    assert report(tmp_path, stage).status == 0
