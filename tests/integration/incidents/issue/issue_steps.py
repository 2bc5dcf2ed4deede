"""Make an incident, comment on its issue, and read what the gate wrote and recorded."""

from __future__ import annotations

from gate.domain.incidents.incident import Incident
from gate.domain.model.ids import IncidentId
from gate.simulator.state.records import CommentRecord, IssueRecord
from gate.store.audit.entries import AuditEntry, read_audit
from gate.store.incidents import incidents
from tests.support.harness import ENVIRONMENT, REPOSITORY, Gate

BOT = "deployment-gate[bot]"
POLICY = ".github/deployment-gate.yml"
WITH_REVIEWERS = f"""\
version: 1
environments:
  {ENVIRONMENT}:
    validation: {{workflow: production-validation.yml}}
    override: {{reviewers: [user:carol]}}
"""


def red(gate: Gate) -> None:
    """Let the validation fail."""
    gate.validate(REPOSITORY, "failure")
    gate.settle()


def green(gate: Gate) -> None:
    """Let the validation pass."""
    gate.validate(REPOSITORY, "success")
    gate.settle()


def issues(gate: Gate) -> list[IssueRecord]:
    """List all issues of the repository."""
    return gate.github.issues_of(REPOSITORY)


def issue(gate: Gate) -> IssueRecord:
    """Return the only issue."""
    (found,) = issues(gate)
    return found


def say(gate: Gate, login: str, text: str, number: int = 1) -> CommentRecord:
    """Comment on an issue as somebody, and give the comment once the gate has answered it."""
    comment_id = gate.github.comment_on_issue(REPOSITORY, number, login, text)
    gate.settle()
    (found,) = [it for it in gate.github.comments(REPOSITORY, number) if it.id == comment_id]
    return found


def remarks(gate: Gate, number: int = 1) -> list[str]:
    """List what the gate has said below an issue."""
    return [it.body for it in gate.github.comments(REPOSITORY, number) if it.author == BOT]


def incident(gate: Gate, number: int = 1) -> Incident:
    """Return an incident."""
    found = gate.service.database.read(lambda it: incidents.read_incident(it, IncidentId(number)))
    assert found is not None
    return found.incident


def trail(gate: Gate, kind: str) -> list[AuditEntry]:
    """List the entries of a kind about the newest failed run."""
    failure, place = incident(gate).failure, incident(gate).place
    entries = gate.service.database.read(
        lambda it: read_audit(it, place.repository_id, failure.run_id)
    )
    return [entry for entry in entries if entry.kind == kind]
