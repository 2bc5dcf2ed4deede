"""People know of a failed validation, and the clock runs until it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gate.domain.incidents.events import Resolution
from gate.domain.model.course import Course
from gate.domain.model.deliveries import InstallationSeen, InstallationStatus
from gate.domain.model.ids import IncidentId
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.reconciler.incidents import timeline as incident_timeline
from gate.reconciler.incidents.check import check_incidents
from gate.reconciler.worker.supervisor import Supervisor
from gate.simulator.faults import Fault
from gate.store.github.repositories import read_repository, record_installation
from gate.store.incidents import incidents
from gate.store.incidents.checks import mark_check
from gate.store.incidents.incidents import EVENT_KINDS, IncidentRecord
from gate.store.reports.reports import record_report
from tests.support.alert_receiver import Receiver, Reply
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, running_gate, wait_for

CONTRACT = [
    "event",
    "timestamp",
    "terraformDeploymentId",
    "githubJobUrl",
    "failedFlows",
    "artifactUrls",
    "nextSteps",
]


@pytest.fixture
def gate(tmp_path: Path, receiver: Receiver) -> Iterator[Gate]:
    """A gate that tells them."""
    with running_gate(f"sqlite:///{tmp_path}/gate.db", alerts_to=receiver.url) as running:
        yield running


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    """List the alerts that were taken."""
    return [json.loads(it.body) for it in receiver.received]


def summaries(receiver: Receiver) -> list[str]:
    """List which alerts were taken, by their natural keys."""
    return [it.headers["x-gate-delivery"] for it in receiver.received]


def incident(gate: Gate, number: int = 1) -> IncidentRecord:
    """Give an incident."""
    found = gate.service.database.read(lambda it: incidents.read_incident(it, IncidentId(number)))
    assert found is not None
    return found


def timeline(gate: Gate, number: int = 1) -> list[str]:
    """List what happened to an incident."""
    events = gate.service.database.read(
        lambda it: incidents.read_timeline(it, IncidentId(number), 100)
    )
    return [EVENT_KINDS[type(event.what)] for _, event in events]


def act(gate: Gate, name: str, *words: Any, number: int = 1) -> None:
    """Let mona do something about an incident, and look at it."""
    deps = gate.service.deps
    now = deps.clock()
    work = getattr(incident_timeline, f"record_{name}")
    extra = {} if name == "acknowledged" else {"actor": "mona", "now": now}
    args = ["mona", now] if name == "acknowledged" else list(words)
    assert deps.database.transact(lambda tx: work(tx, IncidentId(number), *args, **extra))
    gate.settle()


def report(gate: Gate, run_id: int, *failed: str) -> None:
    """Let the job of a run report which flows failed."""
    view, deps = gate.github.run_view(run_id), gate.service.deps
    told = ValidationReport(
        repository_id=view.repository_id,  # type: ignore[arg-type]
        run_id=run_id,  # type: ignore[arg-type]
        run_attempt=1,
        job_url="https://github.example/job",
        terraform_deployment_id="deploy-12345",
        artifact_urls=("https://github.example/artifacts/1",),
        flows=tuple(Flow(it, FlowStatus.FAILED, 1, "not visible", None, 1) for it in failed),
        reported_at=deps.clock(),
    )

    def record(tx: Any) -> None:
        record_report(tx, told, incident(gate).incident.place.installation_id)
        mark_check(tx, told.repository_id, deps.clock())

    deps.database.transact(record)
    gate.settle()


def test_what_an_alert_links_can_be_opened_by_its_readers(gate: Gate, receiver: Receiver) -> None:
    """Nothing of the gate's own, which asks for a token: a page of GitHub."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()

    (page,) = heard(receiver)
    assert page["incidentUrl"].split("/")[3:5] == REPOSITORY.split("/")
    assert page["incidentUrl"] == incident(gate).issue_url
    assert "/api/v1/" not in json.dumps(page)


def test_a_failure_after_a_told_recovery_pages_again(gate: Gate, receiver: Receiver) -> None:
    """Whoever acknowledged the first has turned to something else since."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    act(gate, "acknowledged")
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(minutes=11)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    keys = ["incident/1/page", "incident/1/recovery/1", "incident/1/page/2"]
    assert summaries(receiver) == keys
    assert incident(gate).incident.acknowledged is None
    gate.advance(minutes=16)
    assert summaries(receiver)[-1] == "incident/1/escalation/acknowledge/2"
    assert heard(receiver)[-1]["severity"] == "critical"


def test_a_page_waits_two_seconds_for_its_issue(gate: Gate, receiver: Receiver) -> None:
    """Then it links the list of issues that has it later."""
    gate.github.add_fault(Fault(path=r"/issues$", method="POST", status=503))
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert summaries(receiver) == []
    gate.advance(seconds=2)
    (page,) = heard(receiver)
    assert f"/{REPOSITORY}/issues?q=is%3Aissue" in page["incidentUrl"]


def red_with_artifacts(gate: Gate) -> list[str]:
    """Let a validation fail that uploaded something; list the paths where people find it."""
    gate.github.advance(1)
    run_id = gate.github.start_run(REPOSITORY, "production-validation.yml")
    ids = [gate.github.add_artifact(run_id, name) for name in ("screenshots", "logs")]
    gate.github.complete_run(run_id, "failure")
    return [f"/{REPOSITORY}/actions/runs/{run_id}/artifacts/{it}" for it in reversed(ids)]


def paths(alert: dict[str, Any]) -> list[str]:
    """List where an alert's artifacts are on GitHub's pages."""
    return [urlsplit(it).path for it in alert["artifactUrls"]]


def test_the_first_page_links_the_artifacts_that_nobody_reported(
    gate: Gate, receiver: Receiver
) -> None:
    """As GitHub lists them, asked once; the issue has them, too."""
    urls = red_with_artifacts(gate)
    gate.settle()
    gate.advance(hours=3)
    page, *_ = heard(receiver)
    assert paths(page) == urls
    assert not [it for it in summaries(receiver) if "artifacts" in it]
    assert timeline(gate)[:2] == ["opened", "detailed"]
    (issue,) = gate.github.issues_of(REPOSITORY)
    assert all(it in issue.body for it in urls)


@pytest.mark.parametrize("status", [503, 403, 404])
def test_a_page_does_not_wait_for_artifacts_that_github_does_not_list(
    gate: Gate, receiver: Receiver, status: int
) -> None:
    """It goes out after two seconds at most, and says the rest."""
    gate.github.add_fault(Fault(path="/artifacts$", status=status))
    red_with_artifacts(gate)
    gate.settle()
    gate.advance(seconds=2)
    assert summaries(receiver) == ["incident/1/page"]
    assert heard(receiver)[0]["artifactUrls"] == []


def test_artifacts_that_are_listed_late_are_told_once(gate: Gate, receiver: Receiver) -> None:
    """In an update of their own, which calls nobody."""
    fault = gate.github.add_fault(Fault(path="/artifacts$", status=503))
    urls = red_with_artifacts(gate)
    gate.settle()
    gate.advance(seconds=2)
    gate.restart()
    gate.github.clear_faults(fault)
    for _ in range(3):
        gate.advance(minutes=4)
    assert summaries(receiver) == ["incident/1/page", "incident/1/artifacts/1"]
    update = heard(receiver)[1]
    assert (paths(update), update["severity"]) == (urls, "warning")


def test_a_green_run_is_not_asked_for_artifacts(gate: Gate, receiver: Receiver) -> None:
    """The calls of a green decision stay as they were."""
    gate.validate(REPOSITORY, "success")
    gate.settle()
    assert not [it for it in gate.github.requests() if "/artifacts" in it.path]
    assert receiver.received == []


def test_a_page_waits_for_no_issue_that_is_not_wanted(gate: Gate, receiver: Receiver) -> None:
    """Its link is the run."""
    text = "version: 1\nenvironments: {production-frontend: {}}\nincidents: {issue: false}\n"
    gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", text)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    (page,) = heard(receiver)
    assert page["incidentUrl"] == page["githubJobUrl"]


def test_a_red_validation_is_told_at_once(gate: Gate, receiver: Receiver) -> None:
    """With the contract's keys first, the run, and the deployments that wait."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    (alert,) = heard(receiver)
    assert list(alert)[: len(CONTRACT)] == CONTRACT
    assert alert["event"] == "Production Validation Failed"
    assert alert["environment"] == ENVIRONMENT
    assert alert["severity"] == "critical"
    assert timeline(gate) == ["opened", "alerted"]


def test_held_deployments_are_in_the_alert(gate: Gate, receiver: Receiver) -> None:
    """Each with its run."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(hours=4, minutes=1)
    last = heard(receiver)[-1]
    assert [it["runId"] for it in last["heldDeployments"]] == [run_id]


def test_from_red_to_resolved_with_restarts_between_all_steps(
    gate: Gate, receiver: Receiver
) -> None:
    """The clock runs on, and nothing is said twice."""
    gate.validate(REPOSITORY, "failure")
    gate.github.wait_until_delivered()
    gate.restart()
    gate.settle()
    for minutes in (14, 2, 30, 16):
        gate.restart()
        gate.advance(minutes=minutes)
    act(gate, "acknowledged")
    gate.restart()
    act(gate, "decided", Course.ROLLBACK, "the last apply broke it")
    gate.restart()
    gate.advance(hours=4)
    gate.restart()
    gate.validate(REPOSITORY, "success")
    gate.github.wait_until_delivered()
    gate.restart()
    gate.settle()
    gate.restart()
    gate.advance(days=2)
    assert summaries(receiver) == [
        "incident/1/page",
        "incident/1/escalation/acknowledge",
        "incident/1/escalation/decide",
        "incident/1/reminder/1",
        "incident/1/recovery/1",
    ]
    assert timeline(gate) == ["opened", "alerted", "acknowledged", "decided", "resolved"]
    assert incident(gate).incident.how is Resolution.VALIDATION_PASSED


def test_flows_that_are_reported_later_are_news(gate: Gate, receiver: Receiver) -> None:
    """They come in one update, with the Terraform deployment and the artifacts."""
    run_id = gate.validate(REPOSITORY, "failure")
    gate.settle()
    report(gate, run_id, "login.yml", "pay.yml")
    gate.advance(minutes=5)
    assert summaries(receiver) == ["incident/1/page", "incident/1/update/1"]
    update = heard(receiver)[1]
    assert [it["flowName"] for it in update["failedFlows"]] == ["login.yml", "pay.yml"]
    assert update["terraformDeploymentId"] == "deploy-12345"
    assert update["artifactUrls"] == ["https://github.example/artifacts/1"]


def test_a_flapping_validation_pages_once(gate: Gate, receiver: Receiver) -> None:
    """It is one incident, reopened within the hour."""
    for _ in range(4):
        gate.validate(REPOSITORY, "failure")
        gate.settle()
        gate.validate(REPOSITORY, "success")
        gate.settle()
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]
    assert incident(gate).incident.reopenings == 3


def test_a_failure_after_an_hour_is_another_incident(gate: Gate, receiver: Receiver) -> None:
    """And it pages again."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    gate.advance(hours=1, minutes=1)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert summaries(receiver)[-1] == "incident/2/page"


def test_a_channel_that_was_down_is_told_once_how_things_stand(
    gate: Gate, receiver: Receiver
) -> None:
    """As loud as what it missed; restarts in between do not matter."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(6):
        gate.restart()
        gate.advance(minutes=10)
    before = len(receiver.received)
    receiver.reply = Reply()
    gate.advance(minutes=6)
    assert len(receiver.received) == before + 1
    alert = heard(receiver)[-1]
    assert summaries(receiver)[-1] == "incident/1/escalation/decide"
    assert alert["severity"] == "critical"
    gate.advance(minutes=30)
    assert len(receiver.received) == before + 1


def test_what_was_over_before_the_channel_came_back_is_told_as_over(
    gate: Gate, receiver: Receiver
) -> None:
    """Nobody is called for it any more."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.validate(REPOSITORY, "success")
    gate.settle()
    receiver.reply = Reply()
    receiver.received.clear()
    gate.advance(minutes=10)
    assert summaries(receiver) == ["incident/1/recovery/1"]
    assert heard(receiver)[0]["severity"] == "info"


def test_a_refused_alert_is_tried_once_more(gate: Gate, receiver: Receiver) -> None:
    """Then the timeline says that it is lost; what comes later is tried all the same."""
    receiver.reply = Reply(422)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    gate.advance(minutes=10)
    assert len(receiver.received) == 2
    assert timeline(gate)[:2] == ["opened", "alert_lost"]
    receiver.reply = Reply()
    gate.advance(minutes=6)
    assert summaries(receiver)[-1] == "incident/1/escalation/acknowledge"


def test_accepting_the_risk_ends_it_and_the_gate_stays_closed(
    gate: Gate, receiver: Receiver
) -> None:
    """Only an override releases a deployment."""
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    act(gate, "decided", Course.ACCEPT_RISK, "only the imprint is broken")
    gate.advance(hours=5)
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]
    assert gate.answers(run_id) == []


def test_a_recovery_is_about_the_run_that_passed(gate: Gate, receiver: Receiver) -> None:
    """It lists no failed flow, and no deployment that goes on."""
    failed = gate.validate(REPOSITORY, "failure")
    gate.settle()
    report(gate, failed, "pay.yml")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    passed = gate.validate(REPOSITORY, "success")
    # The incident is looked at before the deployment is let go on.
    gate.room = 0
    gate.ingest_deliveries()
    check_incidents(incident(gate).incident.place.repository_id, gate.service.deps)
    gate.settle()
    recovery = heard(receiver)[-1]
    assert recovery["event"] == "Production Validation Recovered"
    assert recovery["runId"] == passed
    assert recovery["githubJobUrl"].endswith(f"/actions/runs/{passed}")
    assert recovery["headSha"] == gate.github.run_view(passed).head_sha
    assert (recovery["failedFlows"], recovery["artifactUrls"]) == ([], [])
    assert recovery["heldDeployments"] == []
    assert not any("Acknowledge" in step or "logs" in step for step in recovery["nextSteps"])


def test_an_end_by_hand_lists_what_stays_held(gate: Gate, receiver: Receiver) -> None:
    """The validation is still red: the message links it."""
    failed = gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    act(gate, "resolved", "a false alarm")
    ended = heard(receiver)[-1]
    assert ended["runId"] == failed
    assert [it["runId"] for it in ended["heldDeployments"]] == [run_id]


def test_a_silence_is_kept(gate: Gate, receiver: Receiver) -> None:
    """Until its end."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    until = gate.service.deps.clock() + timedelta(hours=3)
    act(gate, "silenced", until, "known, the vendor is at it")
    gate.advance(hours=2, minutes=59)
    assert summaries(receiver) == ["incident/1/page"]
    gate.advance(minutes=2)
    assert summaries(receiver)[1:] == ["incident/1/escalation/decide"]


def test_a_bypass_is_told(gate: Gate, receiver: Receiver) -> None:
    """Within the incident, and with the page of the run that was let go on."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
    gate.settle()
    gate.advance(minutes=1)
    bypassed = [it for it in heard(receiver) if it["event"] == "Deployment Gate Bypassed"]
    assert [it["runId"] for it in bypassed] == [run_id]
    assert "bypassed" in timeline(gate)


def set_installation(gate: Gate, status: InstallationStatus) -> None:
    """Let GitHub say what has become of the installation of the incident's repository."""
    place, database = incident(gate).incident.place, gate.service.database
    repository = database.read(lambda it: read_repository(it, place.repository_id))
    assert repository is not None
    seen = InstallationSeen(place.installation_id, repository.owner, status, (), ())
    database.transact(lambda tx: record_installation(tx, seen, gate.service.deps.clock()))


def test_nothing_is_said_while_the_app_is_not_at_work(gate: Gate, receiver: Receiver) -> None:
    """Nobody could end the incident, so it must not remind for ever; later it goes on."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for status in (InstallationStatus.SUSPENDED, InstallationStatus.ACTIVE):
        before = len(receiver.received)
        set_installation(gate, status)
        gate.advance(hours=10)
        gate.settle()
        said = len(receiver.received) - before
        assert (said > 0) is (status is InstallationStatus.ACTIVE)


def test_two_bypasses_are_told_in_one_look(gate: Gate, receiver: Receiver) -> None:
    """Both are in the timeline of the one incident, and its look comes to an end."""
    gate.github.set_role(REPOSITORY, "boss", "admin")
    gate.validate(REPOSITORY, "failure")
    run_ids = [gate.github.deploy(REPOSITORY).run_id for _ in range(2)]
    gate.settle()
    for run_id in run_ids:
        gate.github.bypass("boss", run_id, ENVIRONMENT, "in a hurry")
    gate.settle()
    gate.advance(minutes=1)
    bypassed = [it for it in heard(receiver) if it["event"] == "Deployment Gate Bypassed"]
    assert sorted(it["runId"] for it in bypassed) == run_ids
    assert timeline(gate).count("bypassed") == 2


def test_an_override_is_in_the_timeline(gate: Gate) -> None:
    """It releases the deployment; the incident goes on."""
    gate.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    gate.validate(REPOSITORY, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.github.advance(60)
    gate.github.review_as(
        "carol", run_id, ENVIRONMENT, "approved", "I accept the risk: only the imprint is broken"
    )
    gate.settle()
    assert incident(gate).incident.is_open
    assert timeline(gate)[-1] == "overridden"


def test_the_real_worker_tells_without_waiting_for_a_poll(gate: Gate, receiver: Receiver) -> None:
    """Threads and all: from the failing run's webhook to the channel."""
    worker: Supervisor = gate.service.worker
    worker.start()
    try:
        gate.validate(REPOSITORY, "failure")
        wait_for(lambda: bool(receiver.received), "the alert")
    finally:
        worker.stop()
    assert summaries(receiver) == ["incident/1/page"]


def test_the_real_worker_pages_while_github_answers_nothing(gate: Gate, receiver: Receiver) -> None:
    """Neither the issue nor the artifacts hold the page up for longer than it waits for them."""
    for path in (r"/issues$", "/artifacts$"):
        gate.github.add_fault(Fault(path=path, delay_before=6))
    worker: Supervisor = gate.service.worker
    worker.start()
    try:
        gate.validate(REPOSITORY, "failure")
        wait_for(lambda: bool(receiver.received), "the alert")
        assert gate.github.issues_of(REPOSITORY) == []
    finally:
        worker.stop()
    assert summaries(receiver)[0] == "incident/1/page"


class Crash(BaseException):
    """The process dies here."""


def test_an_alert_whose_outcome_was_not_recorded_comes_again_under_its_key(
    gate: Gate, receiver: Receiver
) -> None:
    """Twice rather than never, and once only after it is on record."""

    def die(place: str) -> None:
        if place == "alerted":
            gate.failpoint = lambda _: None
            raise Crash

    gate.failpoint = die
    gate.validate(REPOSITORY, "failure")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.settle()
    assert summaries(receiver) == ["incident/1/page"]
    gate.advance(minutes=3, seconds=1)
    gate.advance(minutes=3, seconds=1)
    assert summaries(receiver) == ["incident/1/page"] * 2
    assert timeline(gate) == ["opened", "alerted"]


def test_an_environment_that_is_gated_no_more_has_no_incident(
    gate: Gate, receiver: Receiver
) -> None:
    """Nobody validates it any more, so nothing could ever end it; people are told."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    policy = "version: 1\nenvironments: {staging: {validation: {workflow: other.yml}}}\n"
    gate.github.put_file(REPOSITORY, ".github/deployment-gate.yml", policy)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert incident(gate).incident.how is Resolution.NOT_GATED
    assert summaries(receiver) == ["incident/1/page", "incident/1/recovery/1"]


@pytest.mark.parametrize("reply", [Reply(500), Reply(502), Reply(504), Reply(drop=True)])
def test_a_page_is_tried_by_time_and_not_by_count(
    gate: Gate, receiver: Receiver, reply: Reply
) -> None:
    """A receiver that is ill for five minutes gets it then, and nobody says "alerted" before."""
    receiver.reply = reply
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(10):
        gate.advance(seconds=30)
    tries = len(receiver.received)
    assert 4 <= tries <= 6
    assert timeline(gate) == ["opened"]
    gate.restart()
    receiver.reply = Reply()
    gate.advance(minutes=5)
    assert summaries(receiver)[tries] == "incident/1/page"
    assert timeline(gate) == ["opened", "alerted"]
    gate.advance(minutes=1)
    assert len(receiver.received) == tries + 1


def test_a_page_is_not_repeated_once_somebody_came(gate: Gate, receiver: Receiver) -> None:
    """A receiver that takes each one and fails afterwards is not called all night."""
    receiver.reply = Reply(502)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    act(gate, "acknowledged")
    tries = len(receiver.received)
    gate.advance(minutes=40)
    assert len(receiver.received) == tries


def test_a_page_that_nobody_takes_for_a_day_is_lost_on_record(
    gate: Gate, receiver: Receiver
) -> None:
    """It is no news any more; the timeline names it, and the reminders go on."""
    receiver.reply = Reply(503)
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    for _ in range(50):
        gate.advance(minutes=30)
    assert "alert_lost" in timeline(gate)
    assert "alerted" not in timeline(gate)
    receiver.reply = Reply()
    gate.advance(hours=4)
    assert timeline(gate)[-1] == "alerted"


def test_a_try_that_never_ended_says_so_in_the_next(gate: Gate, receiver: Receiver) -> None:
    """The process dies while it sends: the message may have arrived."""

    def die(place: str) -> None:
        if place == "alerted":
            raise KeyboardInterrupt

    gate.failpoint = die
    gate.validate(REPOSITORY, "failure")
    with pytest.raises(KeyboardInterrupt):
        gate.settle()
    gate.failpoint = lambda _: None
    gate.restart()
    gate.advance(minutes=4)
    assert summaries(receiver) == ["incident/1/page", "incident/1/page"]
    assert timeline(gate) == ["opened", "alerted"]
