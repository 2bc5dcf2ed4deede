"""However the real process learns that the newest validation is red, people are paged once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.simulator.faults import WebhookFault
from tests.integration.process.service_process import Process, prepared
from tests.support.alert_receiver import Receiver
from tests.support.harness import REPOSITORY, SECRET

POLICY = ".github/deployment-gate.yml"
SOUND = "version: 1\nenvironments:\n  production-frontend: {validation: {}}\n"
BROKEN = SOUND.replace("validation", "evidence")
_A_MINUTE = 60.0


@pytest.fixture
def process(tmp_path: Path, receiver: Receiver) -> Iterator[Process]:
    """Provide a service that tells them, not started yet."""
    with prepared(tmp_path, f"sqlite:///{tmp_path}/gate.db") as running:
        running.environ["GATE_ALERT_WEBHOOK_URL"] = receiver.url
        running.environ["GATE_ALERT_WEBHOOK_SECRET"] = SECRET
        yield running


def told(receiver: Receiver, prefix: str) -> set[str]:
    """Name the alerts that were taken, by their keys: one may come twice when a process dies."""
    keys = {it.headers["x-gate-delivery"] for it in receiver.received}
    return {it for it in keys if it.startswith(prefix)}


def check_paged_once(process: Process, receiver: Receiver) -> None:
    """A page comes within a minute, and after a kill -9 and the end of it there was no other."""
    process.wait(lambda: bool(told(receiver, "incident/1/page")), "the page", _A_MINUTE)
    process.stop()
    process.start()
    process.github.advance(1)
    process.github.validate(REPOSITORY, "success")
    process.wait(lambda: bool(told(receiver, "incident/1/recovery")), "the end", _A_MINUTE)
    assert told(receiver, "incident/") == {"incident/1/page", "incident/1/recovery/1"}


def turn_red_unheard(process: Process) -> None:
    """Let the validation fail, and no webhook tell of it, nor a list of failed deliveries."""
    number = process.github.add_webhook_fault(WebhookFault("lose"))
    process.github.advance(1)
    process.github.validate(REPOSITORY, "failure")
    process.github.wait_until_delivered()
    process.github.clear_faults(number)


def test_an_empty_database(process: Process, receiver: Receiver) -> None:
    """Nothing but a look at the repository shows it."""
    turn_red_unheard(process)
    process.start()
    check_paged_once(process, receiver)


def test_a_listing_for_a_deployment(process: Process, receiver: Receiver) -> None:
    """The sweeper is away; a deployment has the runs listed, and is held."""
    process.environ["GATE_SWEEP_SECONDS"] = "3600"
    process.start()
    turn_red_unheard(process)
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.reason(run_id) == "validation_failed", "the hold")
    check_paged_once(process, receiver)


def test_red_while_the_policy_is_broken(process: Process, receiver: Receiver) -> None:
    """The policy is alerted at once, the failure when the policy is mended; kill -9 in between."""
    process.start()
    process.github.validate(REPOSITORY, "success")
    process.github.put_file(REPOSITORY, POLICY, BROKEN)
    process.wait(lambda: bool(told(receiver, "policy/")), "the policy's alert", _A_MINUTE)
    process.github.advance(1)
    process.github.validate(REPOSITORY, "failure")
    run_id = process.github.deploy(REPOSITORY).run_id
    process.wait(lambda: process.reason(run_id) == "policy_invalid", "the hold")
    process.stop()
    process.start()
    assert told(receiver, "incident/") == set()
    process.github.put_file(REPOSITORY, POLICY, SOUND)
    check_paged_once(process, receiver)
    assert len(told(receiver, "policy/")) == 2  # that it is broken, and that it is mended


def test_red_while_the_app_is_suspended(process: Process, receiver: Receiver) -> None:
    """GitHub sends nothing then; when the suspension ends, a look finds it."""
    process.start()
    process.github.validate(REPOSITORY, "success")
    installation_id = next(iter(process.github.world.installations))
    process.github.suspend_installation(installation_id)
    process.github.advance(1)
    process.github.validate(REPOSITORY, "failure")
    process.github.wait_until_delivered()
    assert told(receiver, "incident/") == set()
    process.github.unsuspend_installation(installation_id)
    process.advance(60)
    check_paged_once(process, receiver)
