"""The real process, over real HTTP, killed and restarted."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from gate.reconciler.deps import SEND_WITHIN
from gate.simulator.faults import Fault, WebhookFault
from tests.integration.process.service_process import Process, prepared
from tests.support.harness import ENVIRONMENT, REPOSITORY
from tests.support.postgres import postgres_server


def _is_approved(process: Process, run_id: int) -> bool:
    return process.state(run_id) == "approved"


@pytest.mark.parametrize("place", ["decided", "begun", "sent", "settled"])
def test_kill_9_between_any_two_commits(process: Process, place: str) -> None:
    """Wherever the process is killed, the restarted one gives exactly one answer."""
    process.start(place)
    process.github.validate(REPOSITORY, "success")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.has_died, "the process to be killed")
    process.start()
    process.wait(lambda: process.state(run_id) == "approved", "the request to be approved")
    assert process.answers(run_id) == ["approved"]
    assert process.github.run_view(run_id).status == "in_progress"


def test_kill_9_while_deliveries_are_read(process: Process) -> None:
    """A delivery that was acknowledged is read after the restart."""
    process.start("taken", "3")
    process.github.validate(REPOSITORY, "success")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.has_died, "the process to be killed")
    process.start()
    process.wait(lambda: process.answers(run_id) == ["approved"], "the answer")


def test_a_storm_of_502_for_twenty_seconds(process: Process) -> None:
    """Through twenty seconds of 502s, applied or not, each deployment is answered once."""
    process.start()
    process.github.validate(REPOSITORY, "success")
    process.github.add_fault(
        Fault("deployment_protection_rule$", method="POST", status=502, apply=True, times=3)
    )
    process.github.add_fault(Fault("", status=502, seconds=20))
    runs = [process.github.deploy(REPOSITORY).run_id for _ in range(6)]
    for run_id in runs:
        process.wait(partial(_is_approved, process, run_id), "approval", 120)
        assert process.answers(run_id) == ["approved"]


POLICY = ".github/deployment-gate.yml"
STRICT = "version: 1\nenvironments: {production-frontend: {validation: {required_jobs: [none]}}}\n"


@pytest.mark.parametrize(
    "path",
    [
        "/frontend/contents/.github/deployment-gate.yml$",
        "/.github/contents/.github/deployment-gate.yml$",
        "/actions/workflows/production-validation.yml/runs$",
    ],
    ids=["policy", "organization's policy", "listing"],
)
def test_one_404_opens_nothing(process: Process, path: str) -> None:
    """What was there and is missed once, after a restart, holds and is found again."""
    github = process.github
    installation_id = next(iter(github.world.installations))
    github.create_repository("octo-org/.github", installation_id)
    is_policy = "contents" in path
    if is_policy:
        place = REPOSITORY if "frontend" in path else "octo-org/.github"
        github.put_file(place, POLICY, STRICT)
    process.start()
    github.validate(REPOSITORY, "success")
    first = github.deploy(REPOSITORY).run_id
    at_first, later = "validation_inconclusive", "validation_inconclusive"
    if not is_policy:
        at_first, later = "validation_passed", "validation_failed"
    process.wait(lambda: process.reason(first) == at_first, "the first deployment's reason")
    process.stop()
    if not is_policy:
        number = github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
        github.advance(1)
        github.validate(REPOSITORY, "failure")
        github.clear_faults(number)
    github.add_fault(Fault(path, status=404, times=1))
    process.start()
    run_id = github.deploy(REPOSITORY).run_id
    # Whichever deployment is looked at first meets it; the restart makes both of them due.
    process.wait(lambda: any(it.fault for it in github.requests()), "the answer that is missed")
    process.skip_until(lambda: process.reason(run_id) == later, "the reason that is so")
    assert process.answers(run_id) == []


def held_for_review(process: Process) -> int:
    """Let a deployment be held that required reviewers are asked about as well."""
    process.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    process.github.validate(REPOSITORY, "failure")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.state(run_id) == "waiting", "the hold")
    # What is said in the second in which it turned red does not count.
    process.github.advance(2)
    return run_id


def on_record(folder: Path, run_id: int) -> tuple[list[str], list[str]]:
    """Read from the file itself which entries the trail has, and which verdicts were decided."""
    with closing(sqlite3.connect(f"file:{folder / 'gate.db'}?mode=ro", uri=True)) as database:
        kinds = database.execute(
            "SELECT kind FROM audit_entries WHERE run_id = ? ORDER BY id", [run_id]
        ).fetchall()
        verdicts = database.execute("SELECT verdict FROM decisions ORDER BY id").fetchall()
    return [kind for (kind,) in kinds], [verdict for (verdict,) in verdicts]


@pytest.mark.parametrize("place", ["decided", "sent"])
def test_kill_9_finds_an_override_on_record_before_the_release(
    process: Process, tmp_path: Path, place: str
) -> None:
    """Wherever it is killed, who released it and why was written before GitHub heard of it."""
    process.start()
    run_id = held_for_review(process)
    process.stop()
    process.start(place)
    why = "I accept the risk: checkout is down, and this build mends it."
    process.github.review_as("carol", run_id, ENVIRONMENT, "approved", why)
    process.wait(lambda: process.has_died, "the process to be killed")
    kinds, verdicts = on_record(tmp_path, run_id)
    assert "override.recorded" in kinds
    assert verdicts[-1] == "approve"
    assert process.answers(run_id) == ([] if place == "decided" else ["approved"])
    process.start()
    process.wait(lambda: process.state(run_id) == "approved", "the request to be approved")
    assert process.answers(run_id) == ["approved"]
    assert on_record(tmp_path, run_id)[0].count("override.recorded") == 1


def test_a_lost_approval_beside_required_reviewers_is_no_bypass(
    process: Process, tmp_path: Path
) -> None:
    """GitHub took the answer and its reply was lost; then it turns red, and a reviewer approves."""
    process.start()
    process.github.protect_environment(REPOSITORY, ENVIRONMENT, reviewers=["carol"])
    process.github.validate(REPOSITORY, "success")
    review = "deployment_protection_rule$"
    process.github.add_fault(Fault(review, method="POST", damage="close", apply=True, times=1))
    # Whoever cannot look cannot send it again either: it turns red meanwhile.
    blind = process.github.add_fault(Fault("/actions/runs/[0-9]+$", status=502))
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.answers(run_id) == ["approved"], "the answer that is lost")
    process.github.validate(REPOSITORY, "failure")
    process.github.clear_faults(blind)
    process.advance(60)
    process.wait(lambda: process.state(run_id) == "approved", "the answer to be known")
    process.github.review_as("carol", run_id, ENVIRONMENT, "approved", "go")
    process.advance(120)
    kinds, _ = on_record(tmp_path, run_id)
    assert "review.landed" in kinds
    assert "bypass.detected" not in kinds
    assert process.answers(run_id) == ["approved"]


def test_a_node_that_was_stopped_answers_nothing_late(tmp_path: Path) -> None:
    """SIGSTOP between commit and call: ten minutes later another node holds, and it stays so."""
    with (
        postgres_server() as server,
        server.migrated_database() as url,
        prepared(tmp_path, url) as stopped,
    ):
        github, other = stopped.github, stopped.beside()
        github.validate(REPOSITORY, "success")
        stopped.start("decided", "1", "SIGSTOP")
        began = time.monotonic()
        run_id = github.deploy(REPOSITORY).run_id
        stopped.wait(lambda: stopped.is_stopped, "the node to be stopped")
        try:
            other.start()
            github.set_webhook_url(f"{other.url}/webhooks/github")
            github.validate(REPOSITORY, "failure")
            other.advance(600)
            held = "validation_failed"
            other.wait(lambda: other.reason(run_id) == held, "the other node to hold")
            too_late = SEND_WITHIN.total_seconds() + 1
            other.wait(lambda: time.monotonic() - began > too_late, "the answer to be late")
            stopped.go_on()
            places = tmp_path / "places"
            other.wait(lambda: "sent" in places.read_text().split(), "the node to go on")
            assert other.answers(run_id) == []
            github.validate(REPOSITORY, "success")
            other.wait(lambda: other.state(run_id) == "approved", "the answer")
            assert other.answers(run_id) == ["approved"]
        finally:
            other.stop()


def test_what_failed_while_it_was_down_is_taken_by_the_first_sweep(process: Process) -> None:
    """It is asked for once somebody listens, so that no redelivery is refused by our own port."""
    process.environ["GATE_SWEEP_SECONDS"] = "3600"
    github = process.github
    github.validate(REPOSITORY, "success")
    run_id = github.deploy(REPOSITORY).run_id
    github.wait_until_delivered()
    assert github.deliveries()
    process.start()
    process.wait(lambda: process.state(run_id) == "approved", "the answer")

    def again() -> list[bool]:
        return [200 <= it.status_code < 300 for it in github.deliveries() if it.redelivery]

    process.wait(lambda: bool(again()), "a redelivery")
    assert all(again())
