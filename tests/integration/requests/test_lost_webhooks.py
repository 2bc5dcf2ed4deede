"""What happens when webhooks are lost, delayed, doubled or reordered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from gate.domain.model.request import RequestState
from gate.simulator.faults import WebhookFault
from tests.support.harness import REPOSITORY, Gate


def test_a_webhook_github_could_not_deliver_is_asked_for_again(gate: Gate) -> None:
    """A delivery that failed on GitHub's side is redelivered at the sweeper's request."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_webhook_fault(WebhookFault("drop", event="deployment_protection_rule", times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert [it for it in gate.records() if it.run_id == run_id] == []
    gate.sweep()
    assert gate.record(run_id).state == RequestState.APPROVED


def test_a_webhook_that_was_never_sent_is_found_by_the_sweeper(gate: Gate) -> None:
    """A run that waits although no webhook told of it is adopted."""
    gate.validate(REPOSITORY, "success")
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_protection_rule", times=1))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    gate.advance(minutes=16)
    gate.sweep()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert gate.trail(run_id)[0].kind == "request.adopted"


def test_a_lost_red_is_seen_before_an_older_green_is_believed_for_long(gate: Gate) -> None:
    """A validation whose webhooks were lost is found when the listing is read again."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.advance(minutes=11)
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)


def test_after_a_restart_nothing_old_is_believed_unread(gate: Gate) -> None:
    """Webhooks may have been lost while the service was away, so the listing is read again."""
    gate.validate(REPOSITORY, "success")
    gate.github.deploy(REPOSITORY)
    gate.settle()
    gate.github.add_webhook_fault(WebhookFault("lose", event="workflow_run", times=3))
    gate.validate(REPOSITORY, "failure")
    gate.restart()
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.settle()
    assert gate.record(run_id).reasons == ("validation_failed",)


@pytest.mark.parametrize("kind", ["duplicate", "reorder"])
def test_doubled_and_reordered_webhooks_change_nothing(gate: Gate, kind: str) -> None:
    """The order and number of deliveries do not matter for the answer."""
    gate.github.add_webhook_fault(WebhookFault(kind, count=4))  # type: ignore[arg-type]
    gate.validate(REPOSITORY, "failure")
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.clear_faults()
    gate.settle()
    assert gate.record(run_id).state == RequestState.APPROVED
    assert len(gate.answers(run_id)) == 1


def test_the_same_delivery_twenty_times_at_once_is_one_request(gate: Gate) -> None:
    """A delivery that arrives twenty times at the same moment is stored and answered once."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    (asked,) = [it for it in gate.github.deliveries() if it.event == "deployment_protection_rule"]
    app = gate.github.world.app()
    delivery = gate.github.sender.delivery(app.id, asked.id)
    assert delivery is not None
    with ThreadPoolExecutor(20) as pool:
        for _ in range(20):
            pool.submit(gate.github.sender.redeliver, app, delivery)
    gate.settle()
    assert len(gate.answers(run_id)) == 1
    assert len([it for it in gate.records() if it.run_id == run_id]) == 1
