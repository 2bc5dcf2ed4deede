"""What the sweep finds for one owner does not depend on another."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gate.domain.model.ids import RepositoryId
from gate.simulator.faults import Fault, WebhookFault
from gate.store.github.repositories import read_repository
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
