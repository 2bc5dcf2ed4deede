"""The sweep requests deliveries again that GitHub could not make."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import datetime, timedelta

from structlog.testing import capture_logs

from gate.clock import Clock
from gate.domain.model.ids import DeliveryId
from gate.githubapp.webhooks.payloads import PARSED_EVENTS
from gate.reconciler.continuity import Continuity
from gate.reconciler.ingest.ingest import ingest
from gate.reconciler.requests.reconcile import MOST_ROUNDS
from gate.simulator.faults import Fault, WebhookFault
from gate.store.inbox.deliveries import known_deliveries
from tests.support.harness import REPOSITORY, Gate, reconcile


def unreachable() -> str:
    """Return an address at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/webhooks/github"


def missing(gate: Gate) -> set[DeliveryId]:
    """Name the deliveries, among those that GitHub ever sent us, that we do not have."""
    sent = {DeliveryId(it.guid) for it in gate.github.deliveries() if it.event in PARSED_EVENTS}
    return sent - gate.service.database.read(lambda it: known_deliveries(it, list(sent)))


def test_all_that_failed_while_the_gate_was_away_for_two_days_is_asked_for(gate: Gate) -> None:
    """More than one round can ask for is asked for in the next rounds, until all is there."""
    fault = gate.github.add_webhook_fault(WebhookFault("drop"))
    for _ in range(60):
        gate.github.validate(REPOSITORY, "success")
        gate.github.wait_until_delivered()
        gate.github.advance(timedelta(days=2).total_seconds() / 60)
    gate.github.clear_faults(fault)
    assert len(missing(gate)) > 150
    gate.restart()
    for _ in range(4):
        gate.sweep()
        gate.advance(minutes=1)
    assert missing(gate) == set()


def test_what_kept_deliveries_away_may_last_for_hours(gate: Gate) -> None:
    """While the gate cannot be reached it goes on asking, and gets them once it can."""
    (app,) = gate.github.world.apps.values()
    reachable = app.webhook_url
    assert reachable is not None
    gate.github.set_webhook_url(unreachable())
    gate.github.validate(REPOSITORY, "success")
    for _ in range(30):
        gate.advance(minutes=10)
        gate.sweep()
    assert missing(gate)
    gate.github.set_webhook_url(reachable)
    gate.advance(hours=1)
    gate.sweep()
    assert missing(gate) == set()


def test_a_redelivery_that_is_refused_does_not_end_the_others(gate: Gate) -> None:
    """What GitHub will not deliver again is named in the log, and the rest is asked for."""
    fault = gate.github.add_webhook_fault(WebhookFault("drop"))
    gate.github.validate(REPOSITORY, "success")
    gate.github.wait_until_delivered()
    gate.github.clear_faults(fault)
    lost = len(missing(gate))
    gate.github.add_fault(Fault("/attempts$", status=422, times=1))
    with capture_logs() as lines:
        gate.sweep()
    assert [it["reason"] for it in lines if it["event"] == "delivery.not_asked_again"] == [
        "unprocessable"
    ]
    assert len(missing(gate)) == 1 < lost
    gate.advance(minutes=2)
    gate.sweep()
    assert missing(gate) == set()


def test_a_lost_delivery_distrusts_what_was_read_before_it(gate: Gate) -> None:
    """GitHub's log shows it, whoever kept it from us; once asked for, it moves nothing again."""
    before = gate.service.deps.continuity.since
    gate.github.advance(120)
    gate.github.add_webhook_fault(WebhookFault("drop", event="workflow_run"))
    gate.validate(REPOSITORY, "failure")
    gate.sweep()
    noticed = gate.service.deps.continuity.since
    assert noticed > before
    gate.github.advance(300)
    gate.sweep()
    assert gate.service.deps.continuity.since == noticed


class Restless(Continuity):
    """Webhooks that are lost all the time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock())
        self._clock = clock

    @property
    def since(self) -> datetime:
        """Distrust all that was read."""
        return self._clock() + timedelta(seconds=1)


def test_a_pass_ends_although_all_is_distrusted_at_once(gate: Gate) -> None:
    """After some rounds the deployment is held, since the facts cannot be had."""
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.wait_until_delivered()
    deps = gate.service.deps
    moving = replace(deps, continuity=Restless(deps.clock))
    due = gate.due_deliveries()
    ingest(due, deps)
    before = len(gate.github.requests())
    (found,) = [it for it in gate.records() if it.run_id == run_id]
    reconcile(found.id, moving)
    assert gate.record(run_id).state == "waiting"
    assert gate.record(run_id).reasons[0] in {"facts_unavailable", "policy_unavailable"}
    assert len(gate.github.requests()) - before <= 5 * MOST_ROUNDS
