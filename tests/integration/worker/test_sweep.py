"""What the sweep finds for one owner does not depend on another."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from gate.domain.model.ids import RepositoryId
from gate.shield import Shield
from gate.simulator.faults import Fault, WebhookFault
from gate.store.github.repositories import read_repository
from tests.integration.worker.test_lost_events import installation_of
from tests.support.harness import REPOSITORY, Gate


def unannounced(gate: Gate, owner: str) -> tuple[int, RepositoryId]:
    """Install the App for an owner whose webhooks are all lost; give both numbers."""
    gate.github.add_webhook_fault(WebhookFault("lose"))
    installation_id = gate.github.create_installation(owner)
    gate.github.create_repository(f"{owner}/frontend", installation_id)
    repository = gate.github.world.repository(f"{owner}/frontend")
    return installation_id, RepositoryId(repository.id)


def is_known(gate: Gate, repository_id: RepositoryId) -> bool:
    """Return whether the gate has heard of a repository."""
    found = gate.service.database.read(lambda snapshot: read_repository(snapshot, repository_id))
    return found is not None


@pytest.mark.parametrize(("status", "reason"), [(403, "permission_missing"), (404, "not_found")])
def test_a_refused_installation_leaves_the_others(gate: Gate, status: int, reason: str) -> None:
    """The repositories of the others are learned of, and the log names the one that is refused."""
    refused, hidden = unannounced(gate, "acme")
    _, wanted = unannounced(gate, "zeta")
    gate.github.add_fault(Fault(f"installations/{refused}/access_tokens$", status=status))
    with capture_logs() as lines:
        gate.sweep()
    assert is_known(gate, wanted)
    assert not is_known(gate, hidden)
    (failed,) = [it for it in lines if it["event"] == "sweep.installation_failed"]
    assert (failed["installation_id"], failed["reason"]) == (refused, reason)
    (finished,) = [it for it in lines if it["event"] == "sweep.finished"]
    assert finished["installations"] == 2


def test_an_installation_that_cannot_be_read_now_is_read_in_the_next_round(gate: Gate) -> None:
    """An outage for one does not cost it the hour until all are listed again."""
    late, hidden = unannounced(gate, "acme")
    _, wanted = unannounced(gate, "zeta")
    gate.github.add_fault(Fault(f"installations/{late}/access_tokens$", status=503, times=1))
    gate.sweep()
    assert (is_known(gate, wanted), is_known(gate, hidden)) == (True, False)
    gate.sweep()
    assert is_known(gate, hidden)


def test_a_limited_installation_leaves_the_others_their_turn(gate: Gate) -> None:
    """GitHub is asked once for it in a round; the gates of other owners are found meanwhile."""
    limited = gate.github.create_installation("acme")
    for name in ("acme/frontend", "acme/backend", "acme/mobile"):
        gate.github.create_repository(name, limited)
        gate.github.add_fault(Fault(f"/repos/{name}/actions/runs", status=429))
    gate.sweep()
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_protection_rule"))
    gate.validate(REPOSITORY, "success")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.advance(3600)
    with capture_logs() as lines:
        gate.sweep()
    assert [it["event"] for it in lines].count("sweep.repository_failed") == 1
    assert gate.record(run_id).state == "approved"


def damage(gate: Gate, statement: str, **values: object) -> None:
    """Spoil rows as no code of ours would."""
    gate.service.database.transact(lambda tx: tx.execute(text(statement), values).close())


def sweep_with_faults(gate: Gate) -> tuple[list[Exception], list[dict[str, Any]]]:
    """Sweep as the worker does; return the faults of ours, and what was logged."""
    faults: list[Exception] = []
    gate.github.wait_until_delivered()
    with capture_logs() as lines:
        gate.sweeper.sweep(Shield(Event(), faults.append))
    gate.settle()
    return faults, [dict(it) for it in lines]


def test_a_fault_in_one_part_leaves_the_others_their_round(gate: Gate) -> None:
    """What the log of deliveries was read to is damaged; a lost webhook is made up for even so."""
    gate.validate(REPOSITORY, "success")
    gate.sweep()
    gate.github.add_webhook_fault(WebhookFault("lose", event="deployment_protection_rule"))
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.advance(60)
    damage(gate, "UPDATE rounds SET memory = '{' WHERE name = 'redelivered'")
    faults, lines = sweep_with_faults(gate)
    assert len(faults) == 1
    failed = [(it["part"], it["reason"]) for it in lines if it["event"] == "sweep.part_failed"]
    assert failed == [("redelivered", "bug")]
    (finished,) = [it for it in lines if it["event"] == "sweep.finished"]
    assert (finished["redelivered"], finished["adopted"]) == (0, 1)
    assert gate.record(run_id).state == "approved"
    leased = text("SELECT count(*) FROM rounds WHERE lease_until IS NOT NULL")
    assert gate.service.database.read(lambda it: it.scalar(leased)) == 0


def test_a_fault_about_one_repository_leaves_the_others_of_its_owner(gate: Gate) -> None:
    """Its stored runs are damaged; it does not come first in each round."""
    shop = "octo-org/shop"
    gate.github.create_repository(shop, installation_of(gate, REPOSITORY))
    gate.validate(shop, "success")
    gate.validate(REPOSITORY, "success")
    gate.settle()
    shop_id = gate.github.world.repository(shop).id
    gate.github.add_webhook_fault(WebhookFault("lose"))
    gate.validate(shop, "failure")
    run_id = gate.github.deploy(REPOSITORY).run_id
    gate.github.advance(60)
    damage(gate, "UPDATE runs SET value = '{' WHERE repository_id = :shop", shop=shop_id)
    faults, lines = sweep_with_faults(gate)
    assert len(faults) == 1
    failed = [
        (it["repository_id"], it["reason"])
        for it in lines
        if it["event"] == "sweep.repository_failed"
    ]
    assert failed == [(shop_id, "bug")]
    assert gate.record(run_id).state == "approved"
