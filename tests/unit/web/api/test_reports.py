"""The routes for reports: what is looked at first, and how each refusal is answered."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from werkzeug.test import TestResponse

from gate.domain.model.reports import AlertReport, ValidationReport
from gate.errors import ReportRejected, RetryLater
from gate.store.reports.reports import record_alert, record_report
from gate.web.limits import LONGEST_REPORT
from tests.support.builders.defaults import INSTALLATION
from tests.support.builders.reports import make_alert_report, make_validation_report
from tests.support.builders.runs import make_reporter
from tests.unit.web.conftest import GOOD_TOKEN, PUBLIC_URL, Site

FLOW: Final = {"flowName": "open-the-app.yml", "status": "passed", "exitCode": 0}
REPORT: Final[dict[str, Any]] = {
    "schemaVersion": 1,
    "jobUrl": "https://github.com/acme/shop/actions/runs/501",
    "flows": [FLOW],
}
ALERT: Final[dict[str, Any]] = {
    "event": "production-validation-failed",
    "jobUrl": "https://github.com/acme/shop/actions/runs/501",
}
BODIES: Final = {"validations": REPORT, "alerts": ALERT}
RECORD: Final = f"{PUBLIC_URL}/api/v1/validations/1001/501/1"
both_routes = pytest.mark.parametrize("route", BODIES)


def post(
    site: Site,
    route: str = "validations",
    body: bytes | None = None,
    token: str | None = GOOD_TOKEN,
    content_type: str = "application/json; charset=utf-8",
) -> TestResponse:
    """Post to a route, from somewhere on the network and past a proxy."""
    headers = {"X-Forwarded-For": "192.0.2.7", "Content-Type": content_type}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(BODIES[route]).encode() if body is None else body
    address = {"REMOTE_ADDR": "192.0.2.7"}
    return site.client.post(
        f"/api/v1/{route}", data=data, headers=headers, environ_overrides=address
    )


def refused(response: TestResponse, status: int, reason: str) -> dict[str, Any]:
    """Find that a request was refused by a problem document."""
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    document: dict[str, Any] = json.loads(response.data)
    assert (document["status"], document["reason"]) == (status, reason)
    return document


@both_routes
def test_what_a_job_hands_in_is_received(site: Site, route: str) -> None:
    """From anywhere: the token is what counts. The answer names the record."""
    response = post(site, route)
    heard = {"peopleAreAlerted": "when_the_run_has_ended"} if route == "alerts" else {}
    assert (response.status_code, response.json) == (202, {"url": RECORD, **heard})
    assert response.headers["Location"] == RECORD
    (submission,) = site.submissions
    assert submission.reporter == make_reporter()
    kind = ValidationReport if route == "validations" else AlertReport
    assert isinstance(submission.handed_in, kind)


@both_routes
@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("bad_signature", 401),
        ("token_replayed", 401),
        ("wrong_audience", 401),
        ("unknown_key", 401),
        ("fork_context", 403),
        ("repository_not_installed", 403),
        ("workflow_not_in_policy", 403),
        ("report_conflict", 409),
        ("alert_conflict", 409),
        ("too_many_alerts", 409),
    ],
)
def test_a_refusal_says_why(site: Site, route: str, reason: str, status: int) -> None:
    """With a challenge where another token might do."""
    site.refusing = ReportRejected(reason, "in words")
    response = post(site, route)
    assert refused(response, status, reason)["detail"] == "in words"
    challenge = response.headers.get("WWW-Authenticate")
    expected = 'Bearer realm="deployment-gate", error="invalid_token"'
    assert challenge == (expected if status == 401 else None)


@pytest.mark.parametrize("given", [None, "", " "])
def test_without_a_token_nothing_is_looked_at(site: Site, given: str | None) -> None:
    """Not even the body."""
    response = post(site, token=given, body=b"no JSON")
    refused(response, 401, "missing_token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="deployment-gate"'


def test_a_bad_token_is_refused_before_the_body_is_read(site: Site) -> None:
    """Strangers learn nothing of what a body must be."""
    refused(post(site, token="bad_signature", body=b"no JSON"), 401, "bad_signature")


def test_another_scheme_is_no_token(site: Site) -> None:
    """And neither are two of them."""
    for header in (f"Basic {GOOD_TOKEN}", GOOD_TOKEN, "Bearer"):
        response = site.client.post(
            "/api/v1/validations", json=REPORT, headers={"Authorization": header}
        )
        refused(response, 401, "missing_token")


def test_only_json_is_taken(site: Site) -> None:
    """A form could be sent by a page in somebody's browser."""
    for kind in ("", "text/plain", "application/x-www-form-urlencoded"):
        refused(post(site, content_type=kind), 415, "wrong_content_type")


@both_routes
def test_a_body_is_one_mebibyte_at_most(site: Site, route: str) -> None:
    """One more byte is refused, whoever sends it."""
    body = json.dumps(BODIES[route]).encode()
    assert post(site, route, body.ljust(LONGEST_REPORT)).status_code == 202
    refused(post(site, route, body.ljust(LONGEST_REPORT + 1), token=None), 413, "too_large")


def test_so_it_is_for_the_shell(site: Site) -> None:
    """Which then does not even hold more than that in memory."""
    site.in_loop = True
    site.__post_init__()
    assert post(site, body=json.dumps(REPORT).encode().ljust(LONGEST_REPORT)).status_code == 202
    turned_away = post(site, body=b" " * (LONGEST_REPORT + 1))
    refused(turned_away, 413, "too_large")
    assert turned_away.headers["Connection"] == "close"
    assert site.deliver(b"{}".ljust(LONGEST_REPORT + 1)).status_code == 202


def test_the_problems_of_a_body_are_listed(site: Site) -> None:
    """A hundred of them at most, and the number of all."""
    body = json.dumps(REPORT | {"flows": [{}] * 50}).encode()
    document = refused(post(site, body=body), 422, "invalid_body")
    assert document["detail"] == "150 problems, the first 100 of them listed"
    assert len(document["problems"]) == 100
    assert document["problems"][0] == {
        "path": "flows[0].flowName",
        "message": "is missing; add it",
    }
    one = refused(post(site, body=b"{"), 422, "invalid_body")
    assert (one["detail"], len(one["problems"])) == ("1 problem", 1)


def test_what_cannot_be_told_now_is_worth_another_try(site: Site) -> None:
    """The action tries again on 503."""
    site.refusing = RetryLater("keys_unavailable")
    response = post(site)
    refused(response, 503, "keys_unavailable")
    assert response.headers["Retry-After"] == "1"


def test_answers_are_counted(site: Site) -> None:
    """By route and status."""
    post(site)
    post(site, "alerts", token=None)
    shown = site.client.get("/metrics").text
    assert 'gate_reports_total{route="validations",status="202"} 1.0' in shown
    assert 'gate_reports_total{route="alerts",status="401"} 1.0' in shown


def test_the_log_says_who_was_refused_and_no_token(site: Site, log: list[Any]) -> None:
    """One line a refusal."""
    post(site, token="bad_signature")
    post(site, body=b"{}")
    assert [(it["event"], it["reason"]) for it in log] == [
        ("report.refused", "bad_signature"),
        ("report.refused", "invalid_body"),
    ]
    assert log[1]["run_id"] == 501
    assert "Bearer" not in json.dumps(log)


def test_the_record_is_shown_on_this_machine_only(site: Site) -> None:
    """What the attempt has reported, and what it raised alerts about."""
    report, alert = make_validation_report(), make_alert_report()

    def work(tx: Any) -> None:
        record_report(tx, report, INSTALLATION)
        record_alert(tx, alert, INSTALLATION)

    site.database.transact(work)
    path = RECORD.removeprefix(PUBLIC_URL)
    shown = json.loads(site.client.get(path).data)
    assert shown["report"]["flows"][0]["name"] == "open-the-app.yml"
    assert [it["event"] for it in shown["alerts"]] == ["production-validation-failed"]
    far = site.client.get(path, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    refused(far, 401, "token_required")
    for other in ("1001/501/2", "2002/501/1", "1001/501/99999999999", "x/501/1", "1001/0/1"):
        refused(site.client.get(f"/api/v1/validations/{other}"), 404, "not_found")


def test_reading_what_may_only_be_posted(site: Site) -> None:
    """The route exists; there is no list behind it."""
    assert site.client.get("/api/v1/alerts").status_code == 405


def test_the_submission_is_the_reporters(site: Site) -> None:
    """What a body says of repository and run is refused, not passed over."""
    body = json.dumps(REPORT | {"runId": 7}).encode()
    refused(post(site, body=body), 422, "invalid_body")
    assert site.submissions == []
