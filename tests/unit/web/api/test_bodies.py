"""Every problem of a body is named with its place and what to write; what the actions send fits."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.domain.model.reports import AlertReport, FlowStatus, ValidationReport
from gate.web.api.bodies import parse_alert, parse_validation
from gate.web.limits import LONGEST_REPORT
from reporting.flows import Flow as SentFlow
from reporting.flows import Status
from reporting.payload import BODY_LIMIT, Job, alert_body, validation_body
from reporting.wording import cut
from tests.support.builders.defaults import NOW
from tests.support.builders.runs import make_reporter

FLOW: Final = {"flowName": "open-the-app.yml", "status": "passed", "exitCode": 0}
REPORT: Final[dict[str, Any]] = {
    "schemaVersion": 1,
    "jobUrl": "https://github.com/acme/shop/actions/runs/501",
    "terraformDeploymentId": "deploy-12345",
    "artifactUrls": ["https://github.com/acme/shop/actions/runs/501/artifacts/1"],
    "flows": [FLOW],
}
ALERT: Final[dict[str, Any]] = {
    "event": "production-validation-failed",
    "jobUrl": "https://github.com/acme/shop/actions/runs/501",
    "terraformDeploymentId": None,
}


def problems(body: object, *, alert: bool = False) -> dict[str, str]:
    """List what is wrong with a body, by place."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    read = (parse_alert if alert else parse_validation)(data, make_reporter(), NOW)
    assert isinstance(read, list), read
    return {it.path: it.message for it in read}


def taken(body: object) -> ValidationReport:
    """Read a report in which nothing is wrong."""
    read = parse_validation(json.dumps(body).encode(), make_reporter(), NOW)
    assert isinstance(read, ValidationReport), read
    return read


def test_a_report_is_read() -> None:
    """The rest of it is what the token says, and the time is the gate's."""
    flow = FLOW | {"status": "failed", "error": "no", "durationSeconds": 21.5, "attempts": 2}
    read = taken(REPORT | {"flows": [FLOW, flow]})
    assert (read.repository_id, read.run_id, read.run_attempt) == (1001, 501, 1)
    assert (read.reported_at, read.terraform_deployment_id) == (NOW, "deploy-12345")
    (failed,) = read.failed
    assert (failed.status, failed.error) == (FlowStatus.FAILED, "no")
    assert (failed.duration, failed.attempts) == (timedelta(seconds=21.5), 2)
    assert read.flows[0].attempts == 1


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        ({"schemaVersion": 2}, "schemaVersion", "write 1"),
        ({"schemaVersion": True}, "schemaVersion", "write a whole number"),
        ({"runId": 7}, "runId", "is an unknown key; remove it"),
        ({"repositoryId": 7}, "repositoryId", "is an unknown key; remove it"),
        ({"terraformDeploymentId": ""}, "terraformDeploymentId", "write some text"),
        ({"terraformDeploymentId": 7}, "terraformDeploymentId", "write text"),
        ({"artifactUrls": None}, "artifactUrls", "write a list"),
        ({"artifactUrls": ["https://x.example"] * 101}, "artifactUrls", "write 100 or fewer"),
        (
            {"flows": []},
            "flows",
            "write at least one flow; a validation without flows proves nothing",
        ),
        ({"flows": [7]}, "flows[0]", "write an object"),
        ({"flows": [FLOW | {"flowName": ""}]}, "flows[0].flowName", "write some text"),
        (
            {"flows": [FLOW, FLOW | {"flowName": "x" * 301}]},
            "flows[1].flowName",
            "write 300 characters at most",
        ),
        (
            {"flows": [FLOW | {"status": "PASSED"}]},
            "flows[0].status",
            "write 'passed', 'warned', 'flaky', 'failed' or 'not_run'",
        ),
        ({"flows": [FLOW | {"exitCode": "0"}]}, "flows[0].exitCode", "write a whole number"),
        ({"flows": [FLOW | {"exitCode": -1}]}, "flows[0].exitCode", "write 0 or more"),
        ({"flows": [FLOW | {"attempts": 0}]}, "flows[0].attempts", "write 1 or more"),
        ({"flows": [FLOW | {"attempts": 1_000_001}]}, "flows[0].attempts", "write 1000000 or less"),
        (
            {"flows": [FLOW | {"durationSeconds": "1"}]},
            "flows[0].durationSeconds",
            "write a number",
        ),
        (
            {"flows": [FLOW | {"durationSeconds": float("nan")}]},
            "flows[0].durationSeconds",
            "write a number",
        ),
    ],
)
def test_a_problem_says_what_to_write(change: dict[str, Any], place: str, message: str) -> None:
    """At its place, and nowhere else."""
    assert problems(REPORT | change) == {place: message}


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/acme/shop",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://",
        "//github.com/acme",
        "github.com",
        "https://user:secret@github.com/",
        "https://github.com/ <!channel>",
        "https://github.com/\n@here",
        "https://github.com/\u202e",
        "https://[::1",
        "http://localhost.evil.example/",
        "http://127.0.0.1.evil.example/",
        "",
    ],
)
def test_an_address_is_https(url: str) -> None:
    """Whatever else it is must not become a link; it is not repeated."""
    message = "write an address that begins with https://"
    found = problems(REPORT | {"jobUrl": url, "artifactUrls": [url]})
    assert found == {"jobUrl": message, "artifactUrls[0]": message}


@pytest.mark.parametrize(
    "url", ["https://x.example/a?b=c#d", "http://127.0.0.1:4100/a", "http://[::1]/"]
)
def test_an_address_of_this_machine_may_be_http(url: str) -> None:
    """The simulated GitHub is there."""
    assert taken(REPORT | {"jobUrl": url}).job_url == url


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"a": "\\ud800"}', b"[" * 100_000, b"{}{}"], ids=range(6)
)
def test_what_is_no_json_is_one_problem(body: bytes) -> None:
    """At no place."""
    assert problems(body) == {"": "write a JSON object in UTF-8"}


def test_all_problems_are_listed_at_once() -> None:
    """Whoever corrects a body need not send it twice."""
    body = {"flows": [FLOW, {"status": 1}, FLOW | {"exitCode": None}], "x" * 1000: 1}
    assert set(problems(body)) == {
        "schemaVersion",
        "jobUrl",
        "flows[1].flowName",
        "flows[1].status",
        "flows[1].exitCode",
        "flows[2].exitCode",
        "x" * 60,
    }


def test_an_alert_may_come_without_flows() -> None:
    """Workflow, ref and commit are the token's."""
    read = parse_alert(json.dumps(ALERT).encode(), make_reporter(), NOW)
    assert isinstance(read, AlertReport)
    assert (read.event, read.flows, read.artifact_urls) == (ALERT["event"], (), ())
    assert (read.workflow, read.ref) == (make_reporter().workflow, "refs/heads/main")
    assert read.head_sha == make_reporter().sha


@pytest.mark.parametrize("event", ["", "two words", "-x", "x" * 101, "a\nb", "<!channel>", "é"])
def test_an_event_is_a_slug(event: str) -> None:
    """It is a part of a key, and of a heading."""
    assert set(problems(ALERT | {"event": event}, alert=True)) == {"event"}


def test_the_limit_is_the_actions() -> None:
    """What the action lets through is not too long here."""
    assert LONGEST_REPORT == BODY_LIMIT


text = st.text(max_size=40)
sent_flows = st.lists(
    st.builds(
        SentFlow,
        st.text(min_size=1).map(lambda it: cut(it * 60, 200) + " (123)"),
        st.sampled_from(Status),
        st.none() | st.text(max_size=20).map(lambda it: cut(it * 200, 2_000)),
        st.none() | st.floats(0, 1e6),
        st.integers(1, 200),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@given(sent_flows, st.none() | st.text(min_size=1).map(lambda it: cut(it * 100, 200)))
def test_whatever_the_actions_send_is_taken(
    flows: tuple[SentFlow, ...], deployment: str | None
) -> None:
    """Names and messages as long as they cut them, with the note that they were cut."""
    job = Job(REPORT["jobUrl"], deployment, tuple(REPORT["artifactUrls"]))
    read = parse_validation(validation_body(job, flows), make_reporter(), NOW)
    assert isinstance(read, ValidationReport), read
    assert sorted(it.name for it in read.flows) == sorted(it.name for it in flows)
    said = parse_alert(alert_body("some-event", job, flows), make_reporter(), NOW)
    assert isinstance(said, AlertReport)
    assert said.flows == read.flows


def test_the_longest_report_of_the_action_is_taken() -> None:
    """As many flows as fit into its limit of bytes."""
    flows = tuple(SentFlow(f"{number}", Status.PASSED) for number in range(9_300))
    body = validation_body(Job(REPORT["jobUrl"], None, ()), flows)
    assert len(body) > LONGEST_REPORT * 0.9
    assert isinstance(parse_validation(body, make_reporter(), NOW), ValidationReport)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | text,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(text, inside, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*REPORT, "event"]), json_values) | json_values)
def test_whatever_is_sent_is_taken_or_explained(body: object) -> None:
    """Nothing else can come of a body, whichever route it is sent to."""
    data = json.dumps(body).encode()
    for parse in (parse_validation, parse_alert):
        read = parse(data, make_reporter(), NOW)
        if isinstance(read, list):
            assert read
            assert all(it.message for it in read)
