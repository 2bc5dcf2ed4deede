"""The promises that only a whole service can keep: its process, its threads and its timers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.simulator.switches import Switches
from tests.integration.process.service_process import Process, prepared
from tests.support.alert_receiver import Receiver, Reply
from tests.support.harness import ENVIRONMENT, REPOSITORY

POLICY = ".github/deployment-gate.yml"
SOUND = "version: 1\nenvironments:\n  production-frontend: {validation: {}}\n"
COVERS = SOUND.replace("{}", "{covers: infrastructure}")
WHY = "I accept the risk: checkout is down, and this build mends it."


@pytest.fixture
def process(tmp_path: Path, receiver: Receiver) -> Iterator[Process]:
    """Provide a service that tells them, not started yet, with one gated repository."""
    with prepared(tmp_path, f"sqlite:///{tmp_path}/gate.db") as running:
        running.environ |= {
            "GATE_ALERT_WEBHOOK_URL": receiver.url,
            "GATE_ALERT_WEBHOOK_SECRET": "a secret of the receiver",
        }
        yield running


def as_time_passes(process: Process, condition: Callable[[], bool], what: str) -> None:
    """Wait while the clocks go on by a second at each look."""

    def later() -> bool:
        process.advance(1)
        return condition()

    process.wait(later, what)


def pages(receiver: Receiver) -> list[str]:
    """List the keys of the pages that came in, also of those that were not taken."""
    keys = [it.headers["x-gate-delivery"] for it in receiver.received]
    return [it for it in keys if it.endswith("/page")]


def test_a_rerun_of_the_failed_job_renews_nothing(process: Process) -> None:
    """Ios is green at nine, Terraform applies, and android alone runs again in the afternoon."""
    process.start()
    process.github.put_file(REPOSITORY, POLICY, COVERS)
    jobs = {"ios": "success", "android": "failure"}
    validation = process.github.validate(REPOSITORY, "failure", jobs=jobs)
    process.advance(7200)
    process.github.validate(REPOSITORY, "success", "terraform-apply.yml")
    process.advance(7200)
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.reason(run_id) == "validation_failed", "the hold")
    process.github.rerun_failed_jobs(validation)
    process.github.complete_run(validation, "success")
    uncovered = "validation_uncovered"
    process.wait(lambda: process.reason(run_id) == uncovered, "the re-run to be judged")
    assert process.answers(run_id) == []


def test_a_page_outlives_a_channel_that_is_down(process: Process, receiver: Receiver) -> None:
    """For an hour it answers 502; the page still comes, and says that it may be a repeat."""
    process.start()
    receiver.reply = Reply(status=502)
    process.github.validate(REPOSITORY, "failure")
    process.wait(lambda: len(pages(receiver)) == 1, "the page to be tried")
    as_time_passes(process, lambda: len(pages(receiver)) >= 2, "the page to be tried again")
    process.advance(3600)
    tried = len(receiver.received)
    as_time_passes(process, lambda: len(receiver.received) > tried, "one more try after an hour")
    receiver.reply = Reply()
    failed = len(receiver.received)
    as_time_passes(process, lambda: len(receiver.received) > failed, "the message to be taken")
    assert json.loads(receiver.received[-1].body)["severity"] == "critical"


@pytest.mark.parametrize("since", ["review", "waiting"])
def test_a_reviewer_overrides_what_turned_red_while_it_waited(process: Process, since: str) -> None:
    """Whatever GitHub's `since` of a review tells."""
    process.github.set_switches(Switches(review_since=since))  # type: ignore[arg-type]
    process.start()
    process.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    process.github.start_run(REPOSITORY, "production-validation.yml")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.reason(run_id) == "validation_running", "the hold")
    process.advance(60)
    process.github.validate(REPOSITORY, "failure")
    process.wait(lambda: process.reason(run_id) == "validation_failed", "the red")
    process.advance(60)
    process.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    process.wait(lambda: process.state(run_id) == "approved", "the override")
    assert process.answers(run_id) == ["approved"]
