"""The deployment history of GitHub shows each override once."""

from __future__ import annotations

import pytest

from gate.simulator.faults import Fault, WebhookFault
from tests.integration.overrides.override_steps import WHY, held_for_review, mirrors
from tests.support.crashes import Crash, crash_once
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate


@pytest.mark.parametrize("conclusion", ["success", "failure"])
def test_the_deployment_history_tells_of_the_override(gate: Gate, conclusion: str) -> None:
    """Once the deployment has ended its state is said again, with who and why, and not changed."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    assert mirrors(gate, deployment_id) == []
    gate.github.finish_job(run_id, conclusion=conclusion)
    gate.settle()
    (status,) = mirrors(gate, deployment_id)
    assert status.state == gate.github.deployment_statuses(deployment_id)[-2].state == conclusion
    assert status.description.startswith("Override by @carol: I accept the risk")
    assert len(status.description) <= 140
    page = f"/{REPOSITORY}/actions/runs/{run_id}#gate-request-{gate.record(run_id).id}"
    assert status.log_url.endswith(page)
    assert not status.log_url.startswith(gate.url)
    gate.advance(hours=3)
    assert len(mirrors(gate, deployment_id)) == 1


def test_the_history_is_told_although_the_webhook_was_lost(gate: Gate) -> None:
    """A released deployment is looked at from time to time."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_status"))
    gate.github.finish_job(run_id)
    gate.settle()
    assert mirrors(gate, deployment_id) == []
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1


def test_a_status_whose_answer_was_lost_is_looked_up(gate: Gate) -> None:
    """It is in the history, so it is not added again."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.add_fault(
        Fault(path=r"/deployments/\d+/statuses", method="POST", times=1, status=502, apply=True)
    )
    gate.github.finish_job(run_id)
    gate.settle()
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1


def test_a_status_is_not_added_twice_by_a_crash(gate: Gate) -> None:
    """It was sent, and the process died before that was on record: GitHub is looked at first."""
    run_id = held_for_review(gate)
    gate.github.review_as("carol", run_id, ENVIRONMENT, "approved", WHY)
    gate.settle()
    (deployment_id,) = gate.record(run_id).deployment_ids
    gate.github.finish_job(run_id)
    gate.failpoint = crash_once("sent")
    with pytest.raises(Crash):
        gate.settle()
    gate.restart()
    gate.expire_leases()
    gate.advance(hours=2)
    assert len(mirrors(gate, deployment_id)) == 1
