"""Reports and alerts of workflow runs over real HTTP, with tokens of the simulated issuer."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
import requests

from gate.doctor import Finding, Level, examine
from gate.domain.model.ids import RepositoryId, RunId
from gate.domain.model.reports import FlowStatus, ValidationReport
from gate.githubapp.oidc.jwks import COOLDOWN
from gate.simulator.faults import Fault
from gate.store.reports.reports import MOST_ALERTS, read_alerts, read_reports
from gate.store.requests.requests import due_requests
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

VALIDATION: Final = "production-validation.yml"
SECONDS: Final = 30
OTHER_KEY_LATER: Final = COOLDOWN.total_seconds() + 1


def flow(name: str = "open-the-app.yml", status: str = "passed", **more: object) -> dict[str, Any]:
    """Write a flow as the action does."""
    code = 0 if status in {"passed", "warned", "flaky"} else 1
    return {"flowName": name, "status": status, "exitCode": code, **more}


def report(*flows: dict[str, Any], **changes: object) -> dict[str, object]:
    """Write a report as the action does; without flows, a green one."""
    return {
        "schemaVersion": 1,
        "jobUrl": "https://github.com/octo-org/frontend/actions/runs/1",
        "terraformDeploymentId": "deploy-12345",
        "artifactUrls": [],
        "flows": list(flows) or [flow()],
        **changes,
    }


def alert(*flows: dict[str, Any], **changes: object) -> dict[str, object]:
    """Write an alert as the action does."""
    told = report(*flows) if flows else {}
    return {
        **told,
        "event": "production-validation-failed",
        "jobUrl": "https://github.com/octo-org/frontend/actions/runs/1",
        "terraformDeploymentId": "deploy-12345",
        **changes,
    }


RED: Final = report(flow(), flow("add-and-see.yml", "failed", error="Assertion failed"))


def start(gate: Gate, **given: Any) -> int:
    """Start a validation in a second of its own."""
    gate.github.advance(1)
    run_id = gate.github.start_run(REPOSITORY, VALIDATION, event="workflow_dispatch", **given)
    gate.github.progress_run(run_id)
    return run_id


def token(gate: Gate, run_id: int, **claims: Any) -> str:
    """Get a token for the gate, as a job of the run would; a claim may be changed."""
    return gate.github.mint_token(run_id, gate.settings.report_audience, claims)


def post(gate: Gate, given: str, body: object, route: str = "validations") -> requests.Response:
    """Post to the gate with a token."""
    return requests.post(
        f"{gate.url}/api/v1/{route}",
        data=json.dumps(body),
        headers={"Authorization": f"Bearer {given}", "Content-Type": "application/json"},
        timeout=SECONDS,
    )


def stored(gate: Gate, run_id: int) -> tuple[ValidationReport, ...]:
    """Read what the gate keeps of a run."""
    repository_id = RepositoryId(gate.github.run_view(run_id).repository_id)
    return gate.service.database.read(lambda it: read_reports(it, repository_id, [RunId(run_id)]))


def refused(response: requests.Response, status: int, reason: str) -> dict[str, Any]:
    """Find that a request was refused by a problem document."""
    assert (response.status_code, response.headers["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    document: dict[str, Any] = response.json()
    assert (document["status"], document["reason"]) == (status, reason)
    return document


def test_a_report_is_kept_and_shown(gate: Gate) -> None:
    """Its answer names the record, which this machine may read; the trail has it, GitHub not."""
    run_id = start(gate)
    gate.settle()
    calls = gate.github.totals().requests
    answered = post(gate, token(gate, run_id), RED)
    assert answered.status_code == 202
    view = gate.github.run_view(run_id)
    path = f"/api/v1/validations/{view.repository_id}/{run_id}/1"
    assert answered.json() == {"url": f"{gate.settings.public_url}{path}"}
    assert answered.headers["Location"] == answered.json()["url"]
    shown = requests.get(f"{gate.url}{path}", timeout=SECONDS).json()
    assert [it["status"] for it in shown["report"]["flows"]] == ["passed", "failed"]
    assert shown["alerts"] == []
    (entry,) = [it for it in gate.trail(run_id) if it.kind == "report.received"]
    assert entry.detail["flows"] == {"passed": 1, "failed": 1}
    assert gate.github.totals().requests == calls


@pytest.mark.parametrize("when", ["before", "after", "twice", "never"])
def test_the_order_of_report_and_webhook_does_not_matter(gate: Gate, when: str) -> None:
    """Whether its own webhook comes before or after, or never, the same report is kept."""
    run_id = start(gate, silent=when == "never")
    if when != "before":
        gate.settle()
    posts = 2 if when == "twice" else 1
    for _ in range(posts):
        assert post(gate, token(gate, run_id), RED).status_code == 202
    if when != "never":
        gate.github.complete_run(run_id, "failure")
    gate.settle()
    (kept,) = stored(gate, run_id)
    assert [(it.name, it.status) for it in kept.flows] == [
        ("open-the-app.yml", FlowStatus.PASSED),
        ("add-and-see.yml", FlowStatus.FAILED),
    ]
    assert (kept.run_attempt, kept.terraform_deployment_id) == (1, "deploy-12345")
    assert [it.kind for it in gate.trail(run_id)].count("report.received") == 1


def test_another_report_for_the_attempt_is_a_conflict(gate: Gate) -> None:
    """The first stands; a re-run is another attempt, and has one of its own."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    refused(post(gate, token(gate, run_id), report()), 409, "report_conflict")
    gate.github.complete_run(run_id, "failure")
    gate.github.rerun(run_id)
    assert post(gate, token(gate, run_id), report()).status_code == 202
    assert [(it.run_attempt, len(it.failed)) for it in stored(gate, run_id)] == [(1, 1), (2, 0)]


def test_a_token_is_taken_once(gate: Gate) -> None:
    """Who overhears a token can do nothing with it, not even say the same again."""
    run_id = start(gate)
    given = token(gate, run_id)
    assert post(gate, given, RED).status_code == 202
    answer = post(gate, given, RED)
    refused(answer, 401, "token_replayed")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_two_reports_at_once(gate: Gate) -> None:
    """Of two different ones one is kept and the other is a conflict."""
    run_id = start(gate)
    bodies = [RED, report()]
    tokens = [token(gate, run_id) for _ in bodies]
    statuses: list[int] = []
    barrier = threading.Barrier(len(bodies))

    def send(given: str, body: object) -> None:
        barrier.wait(SECONDS)
        statuses.append(post(gate, given, body).status_code)

    threads = [
        threading.Thread(target=send, args=each) for each in zip(tokens, bodies, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert sorted(statuses) == [202, 409]
    assert len(stored(gate, run_id)) == 1


def test_an_alert_beside_the_report_is_no_conflict(gate: Gate) -> None:
    """Both actions run in one job; the alert may know less, and worsens what it knows."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    told = alert(flow("open-the-app.yml", "not_run"), flow("another.yml"))
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    (kept,) = stored(gate, run_id)
    assert {it.name: it.status.value for it in kept.flows} == {
        "open-the-app.yml": "not_run",
        "add-and-see.yml": "failed",
        "another.yml": "passed",
    }
    kinds = [it.kind for it in gate.trail(run_id)]
    assert kinds == ["report.received", "alert.received"]
    other = alert(flow("open-the-app.yml", "failed"))
    refused(post(gate, token(gate, run_id), other, "alerts"), 409, "alert_conflict")


def test_a_report_after_the_alert_is_no_conflict(gate: Gate) -> None:
    """The job that reports may be another one, and later; nothing said before gets better."""
    run_id = start(gate)
    told = alert(flow("open-the-app.yml", "failed"))
    assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    assert post(gate, token(gate, run_id), report()).status_code == 202
    assert post(gate, token(gate, run_id), report()).status_code == 202
    refused(post(gate, token(gate, run_id), RED), 409, "report_conflict")
    (kept,) = stored(gate, run_id)
    assert [it.name for it in kept.failed] == ["open-the-app.yml"]


def test_alerts_of_an_attempt_are_limited(gate: Gate) -> None:
    """Its report holds the flows of all of them; what is too much leaves nothing behind."""
    run_id = start(gate)
    tellings = [
        alert(flow(f"flow-{number}.yml", "failed"), event=f"event-{number}")
        for number in range(MOST_ALERTS)
    ]
    for told in tellings:
        assert post(gate, token(gate, run_id), told, "alerts").status_code == 202
    one_more = alert(flow("more.yml", "failed"), event="one-more")
    refused(post(gate, token(gate, run_id), one_more, "alerts"), 409, "too_many_alerts")
    assert post(gate, token(gate, run_id), tellings[0], "alerts").status_code == 202
    (kept,) = stored(gate, run_id)
    assert len(kept.flows) == MOST_ALERTS


def test_an_alert_without_flows_is_kept_for_itself(gate: Gate) -> None:
    """It begins no report."""
    run_id = start(gate)
    answered = post(gate, token(gate, run_id), alert(), "alerts")
    assert answered.status_code == 202
    assert stored(gate, run_id) == ()
    view = gate.github.run_view(run_id)
    key = RepositoryId(view.repository_id), RunId(run_id), 1
    (kept,) = gate.service.database.read(lambda it: read_alerts(it, *key))
    assert (kept.event, kept.workflow) == (
        "production-validation-failed",
        f".github/workflows/{VALIDATION}",
    )
    path = answered.json()["url"].removeprefix(gate.settings.public_url)
    shown = requests.get(f"{gate.url}{path}", timeout=SECONDS).json()
    assert (shown["report"], len(shown["alerts"])) == (None, 1)


def test_a_report_wakes_what_waits_for_its_workflow(gate: Gate) -> None:
    """A held request is due at once, in the commit of the report."""
    gate.validate(REPOSITORY, "failure")
    deployed = gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    run_id = start(gate)
    gate.settle()
    woken, database = gate.service.wakeups.requests, gate.service.database
    before, now = len(woken), gate.service.deps.clock()
    assert database.read(lambda it: due_requests(it, now, 10)) == []
    assert post(gate, token(gate, run_id), RED).status_code == 202
    assert len(woken) == before + 1
    now = gate.service.deps.clock()
    assert database.read(lambda it: due_requests(it, now, 10)) == [gate.record(deployed.run_id).id]
    gate.settle()
    assert gate.record(deployed.run_id).state == "waiting"


def test_a_repository_that_is_not_ours(gate: Gate) -> None:
    """A token of any other repository on GitHub is as good as ours, and of no use here."""
    gate.github.create_repository("stranger/frontend")
    run_id = gate.github.start_run("stranger/frontend", VALIDATION)
    refused(post(gate, token(gate, run_id), RED), 403, "repository_not_installed")
    own = start(gate)
    gate.settle()
    other_owner = token(gate, own, repository_owner_id="1")
    refused(post(gate, other_owner, RED), 403, "repository_not_installed")
    installation = next(iter(gate.github.world.installations))
    gate.github.suspend_installation(installation)
    gate.settle()
    refused(post(gate, token(gate, own), RED), 403, "repository_not_installed")
    gate.github.unsuspend_installation(installation)
    gate.github.remove_repository(installation, REPOSITORY)
    gate.settle()
    refused(post(gate, token(gate, own), RED), 403, "repository_not_installed")
    assert stored(gate, own) == ()


def test_a_workflow_that_the_policy_does_not_name(gate: Gate) -> None:
    """Once the policy is known, only its validation workflows report; until then all may."""
    run_id = gate.github.start_run(REPOSITORY, "nightly.yml")
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.deploy(REPOSITORY, ENVIRONMENT)
    gate.settle()
    other = gate.github.start_run(REPOSITORY, "nightly.yml")
    refused(post(gate, token(gate, other), RED), 403, "workflow_not_in_policy")
    assert post(gate, token(gate, start(gate)), RED).status_code == 202


def test_a_run_of_a_pull_request(gate: Gate) -> None:
    """What it runs, others may have written."""
    run_id = start(gate)
    by_event = gate.github.start_run(REPOSITORY, VALIDATION, event="pull_request")
    refused(post(gate, token(gate, by_event), RED), 403, "fork_context")
    by_branch = token(gate, run_id, head_ref="topic", base_ref="main")
    refused(post(gate, by_branch, RED), 403, "fork_context")


def test_a_new_key_is_found(gate: Gate) -> None:
    """One that is not known yet is looked for at once, and then not again for a while."""
    run_id = start(gate)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.rotate_oidc_key()
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.rotate_oidc_key()
    refused(post(gate, token(gate, run_id), RED), 401, "unknown_key")
    gate.advance(seconds=OTHER_KEY_LATER)
    assert post(gate, token(gate, run_id), RED).status_code == 202


def test_keys_that_cannot_be_had(gate: Gate) -> None:
    """Without any key nobody can tell: try again. Those that are known are used meanwhile."""
    run_id = start(gate)
    down = gate.github.add_fault(Fault("/_services/token/.well-known", status=503))
    answer = post(gate, token(gate, run_id), RED)
    refused(answer, 503, "keys_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    gate.github.clear_faults(down)
    gate.advance(seconds=OTHER_KEY_LATER)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.github.add_fault(Fault("/_services/token/.well-known", damage="close"))
    gate.advance(hours=2)
    assert post(gate, token(gate, run_id), RED).status_code == 202
    gate.advance(hours=24)
    refused(post(gate, token(gate, run_id), RED), 503, "keys_unavailable")


def test_a_bad_body_is_explained(gate: Gate) -> None:
    """Every problem is listed with its place and what to write; the token is not used up."""
    run_id = start(gate)
    given = token(gate, run_id)
    body = report(flow(status="green"), {"flowName": ""}, jobUrl="http://example.com/", more=1)
    document = refused(post(gate, given, body), 422, "invalid_body")
    listed = {it["path"]: it["message"] for it in document["problems"]}
    assert set(listed) == {
        "jobUrl",
        "flows[0].status",
        "flows[1].flowName",
        "flows[1].status",
        "flows[1].exitCode",
        "more",
    }
    assert "'passed'" in listed["flows[0].status"]
    assert post(gate, given, RED).status_code == 202


def test_no_token_and_a_foreign_one(gate: Gate) -> None:
    """Neither is let in, and what is wrong is said."""
    run_id = start(gate)
    answer = requests.post(f"{gate.url}/api/v1/validations", json=RED, timeout=SECONDS)
    refused(answer, 401, "missing_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="deployment-gate"'
    foreign = gate.github.mint_token(run_id, "https://another.example")
    refused(post(gate, foreign, RED), 401, "wrong_audience")


def test_the_doctor_looks_for_the_keys(gate: Gate) -> None:
    """It says whose tokens count, and for whom they must be."""

    def look() -> Finding:
        (found,) = [it for it in examine(gate.settings) if it.what == "report tokens"]
        return found

    post(gate, token(gate, start(gate)), RED)
    found = look()
    assert found.level is Level.OK
    assert f"for {gate.url}" in found.found
    assert gate.github.issuer.url in found.found
    gate.github.add_fault(Fault("/_services/token/.well-known", status=500))
    found = look()
    assert found.level is Level.WARN
    assert "answers 500" in found.found


def test_the_doctor_compares_clocks_with_the_issuer(gate: Gate) -> None:
    """Tokens that last five minutes need clocks that agree."""
    told = gate.github.world.clock

    def late() -> datetime:
        return told() - timedelta(seconds=40)

    clocks = [it for it in examine(gate.settings, late) if it.what == "clock"]
    assert [it.level for it in clocks] == [Level.FAIL] * 2
    assert clocks[1].found in {"40 s behind the issuer's", "39 s behind the issuer's"}
    assert {it.level for it in examine(gate.settings, told) if it.what == "clock"} == {Level.OK}
