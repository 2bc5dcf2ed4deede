"""An incident continues where GitHub refuses to create or close its issue."""

from __future__ import annotations

from gate.doctor import examine
from gate.store.incidents import issues as incident_issues
from tests.integration.incidents.issue.issue_steps import (
    BOT,
    green,
    incident,
    issues,
    red,
    remarks,
    say,
    trail,
)
from tests.support.harness import REPOSITORY, Gate


def test_a_missing_permission(gate: Gate) -> None:
    """The incident goes on without an issue, and says so; it has one once the App may.

    What has happened by then stands in the issue; nobody is told of it anew.
    """
    run_id = gate.github.deploy(REPOSITORY).run_id
    (installation,) = gate.github.world.installations.values()
    permissions = dict(installation.permissions)
    gate.github.grant(installation.id, permissions | {"issues": "read"})
    red(gate)
    assert issues(gate) == []
    assert incident(gate).is_open
    assert [entry.reason for entry in trail(gate, "issue.refused")] == ["permission_missing"]
    gate.advance(hours=1, minutes=1)
    assert len(trail(gate, "issue.refused")) == 1
    number = gate.github.open_issue(REPOSITORY, "We need this")
    say(
        gate,
        "carol",
        f"/override {run_id} I accept the risk: the failing device is retired",
        number,
    )
    gate.github.grant(installation.id, permissions)
    gate.advance(hours=1, minutes=1)
    assert [it.author for it in issues(gate)] == ["developer", BOT]
    assert "overrode the hold on [a deployment]" in issues(gate)[1].body
    assert remarks(gate, 2) == []


def test_disabled_issues(gate: Gate) -> None:
    """The doctor is told which repository it is, and why; no command is waited for."""
    gate.github.enable_issues(REPOSITORY, enabled=False)
    red(gate)
    repository_id = incident(gate).place.repository_id
    refused, is_opening = gate.service.database.read(
        lambda it: (
            incident_issues.refused_issues(it),
            incident_issues.is_opening(it, repository_id),
        )
    )
    assert refused == [(repository_id, "issues_disabled")]
    assert not is_opening
    findings = [it.found for it in examine(gate.settings, gate.service.deps.clock)]
    assert "GitHub refuses it: issues_disabled" in findings
    green(gate)
    assert gate.service.database.read(incident_issues.refused_issues) == []


def test_an_issue_that_cannot_be_closed(gate: Gate) -> None:
    """It is tried for a day after the end, then no more."""
    red(gate)
    gate.github.enable_issues(REPOSITORY, enabled=False)
    green(gate)
    assert attempts(gate) == 1
    for _ in range(30):
        gate.advance(hours=1, minutes=1)
    assert attempts(gate) == 25
    assert len(trail(gate, "issue.refused")) == 1


def attempts(gate: Gate) -> int:
    """Count the writes to the incident's issue that GitHub has refused."""
    calls = gate.github.requests()
    return sum(it.method != "GET" and "/issues/1" in it.path and it.status == 410 for it in calls)
