"""Act on an incident, and read its timeline and the alerts that the channel received."""

from __future__ import annotations

import json
from typing import Any

from gate.domain.model.ids import IncidentId
from gate.domain.model.reports import Flow, FlowStatus, ValidationReport
from gate.reconciler.incidents import timeline as incident_timeline
from gate.store.incidents import incidents
from gate.store.incidents.checks import mark_check
from gate.store.incidents.incidents import EVENT_KINDS, IncidentRecord
from gate.store.reports.reports import record_report
from tests.support.alert_receiver import Receiver
from tests.support.harness import Gate

CONTRACT = [
    "event",
    "timestamp",
    "terraformDeploymentId",
    "githubJobUrl",
    "failedFlows",
    "artifactUrls",
    "nextSteps",
]


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    """List the alerts that were taken."""
    return [json.loads(it.body) for it in receiver.received]


def summaries(receiver: Receiver) -> list[str]:
    """List which alerts were taken, by their natural keys."""
    return [it.headers["x-gate-delivery"] for it in receiver.received]


def incident(gate: Gate, number: int = 1) -> IncidentRecord:
    """Return an incident."""
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
