"""What the first page of an incident contains, and what it waits for."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from gate.domain.model.hints import Work
from gate.reconciler.worker.supervisor import Supervisor
from gate.simulator.faults import Fault
from tests.integration.incidents.incident_steps import (
    CONTRACT,
    heard,
    incident,
    summaries,
    timeline,
)
from tests.support.alert_receiver import Receiver
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate, wait_for


def test_what_an_alert_links_can_be_opened_by_its_readers(gate: Gate, receiver: Receiver) -> None:
    """Nothing of the gate's own, which asks for a token: a page of GitHub."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()

    (page,) = heard(receiver)
    assert page["incidentUrl"].split("/")[3:5] == REPOSITORY.split("/")
    assert page["incidentUrl"] == incident(gate).issue_url
    assert "/api/v1/" not in json.dumps(page)


def test_a_page_waits_two_seconds_for_its_issue(gate: Gate, receiver: Receiver) -> None:
    """Then it links the list of issues that has it later."""
    gate.github.add_fault(Fault(path=r"/issues$", method="POST", status=503))
    gate.validate(REPOSITORY, "failure")
    gate.settle()
    assert summaries(receiver) == []
    gate.advance(seconds=2)
    (page,) = heard(receiver)
    assert f"/{REPOSITORY}/issues?q=is%3Aissue" in page["incidentUrl"]


def test_a_held_page_wakes_what_it_waits_for(gate: Gate) -> None:
    """Neither the issue nor the list of artifacts waits for the next poll."""
    gate.validate(REPOSITORY, "failure")
    gate.ingest_deliveries()
    wake_ups = gate.service.queues.wake_ups
    before = {it: wake_up.wait(-1) for it, wake_up in wake_ups.items()}
    gate.service.worker.do(Work.INCIDENTS)
    woken = {it for it, wake_up in wake_ups.items() if wake_up.wait(-1) != before[it]}
    assert woken >= {Work.ISSUES, Work.ARTIFACTS}


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
