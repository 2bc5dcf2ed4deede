"""The shipped actions, run by act, report to the running gate by tokens of the local issuer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from gate.domain.model.ids import RepositoryId, RunId
from gate.store.reports.reports import read_alerts, read_reports
from tests.actions.act import needs_act, run_act
from tests.actions.samples import GREEN, RED
from tests.support.harness import REPOSITORY, Gate

pytestmark = needs_act

VALIDATION: Final = "production-validation.yml"
NOBODY: Final = "http://127.0.0.1:9"


def report(
    folder: Path, gate: Gate, data: bytes, gate_url: str | None = None, seconds: int = 20
) -> tuple[int, str]:
    """Let the job of a run report; give the run, and what act wrote."""
    run_id = gate.github.start_run(REPOSITORY, VALIDATION, event="workflow_dispatch")
    asked = gate.github.token_request(run_id)
    shown = run_act(
        folder,
        data,
        gate_url=gate_url or gate.url,
        token_url=asked.url,
        bearer=asked.bearer,
        seconds=seconds,
    )
    return run_id, shown


def told(gate: Gate, run_id: int) -> tuple[dict[str, str], list[str]]:
    """Return how the gate knows a run's flows to have ended, and of which alerts it was told."""
    repository_id = RepositoryId(gate.github.run_view(run_id).repository_id)
    reports, alerts = gate.service.database.read(
        lambda it: (
            read_reports(it, repository_id, [RunId(run_id)]),
            read_alerts(it, repository_id, RunId(run_id), 1),
        )
    )
    flows = {flow.name: flow.status.value for found in reports for flow in found.flows}
    return flows, [it.event for it in alerts]


def test_green(tmp_path: Path, gate: Gate) -> None:
    """The gate has the report, and the step names its record."""
    run_id, shown = report(tmp_path, gate, GREEN)
    flows = {"open-the-app.yml": "passed", "add-and-see.yml": "passed"}
    assert told(gate, run_id) == (flows, [])
    (url,) = re.findall(r"outcome=success passed=true flows=\[\] url=(\S+)", shown)
    assert url.startswith(f"{gate.url}/api/v1/validations/")
    assert url.endswith(f"/{run_id}/1")


def test_red(tmp_path: Path, gate: Gate) -> None:
    """The alert of the same job is no conflict with its report."""
    run_id, shown = report(tmp_path, gate, RED)
    flows = {"open-the-app.yml": "passed", "add-and-see.yml": "failed"}
    assert told(gate, run_id) == (flows, ["production-validation-failed"])
    assert "outcome=failure passed=false" in shown
    assert "was not delivered" not in shown
    kinds = [it.kind for it in gate.trail(run_id)]
    assert kinds == ["report.received", "alert.received"]


def test_a_report_that_cannot_be_read(tmp_path: Path, gate: Gate) -> None:
    """A failed flow stands for it, and the alert goes out without any."""
    run_id, shown = report(tmp_path, gate, b"<testsuites>")
    flows = {"report report.xml": "failed"}
    assert told(gate, run_id) == (flows, ["production-validation-failed"])
    assert "was not delivered" not in shown


@pytest.mark.parametrize(
    ("data", "outcome"), [(GREEN, "success"), (RED, "failure")], ids=["green", "red"]
)
def test_a_gate_that_cannot_be_reached(
    tmp_path: Path, gate: Gate, data: bytes, outcome: str
) -> None:
    """The job ends as its flows did, and says that the gate was not told."""
    run_id, shown = report(tmp_path, gate, data, NOBODY, seconds=1)
    assert told(gate, run_id) == ({}, [])
    assert f"outcome={outcome}" in shown
    assert "was not delivered" in shown
