"""Build the audit entries of what happens to requests, incidents and repositories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gate.domain.audit.chain import AuditEntry
from gate.domain.incidents.incident import GATE, Incident
from gate.domain.model.deliveries import Repository
from gate.domain.model.ids import RunId
from gate.domain.model.request import GateRequest


def request_entry(
    request: GateRequest,
    kind: str,
    now: datetime,
    *,
    actor: str = GATE,
    reason: str | None = None,
    detail: dict[str, object] | None = None,
) -> AuditEntry:
    """Build the audit entry of something that happened to a request."""
    return AuditEntry(
        at=now,
        installation_id=request.installation_id,
        repository_id=request.key.repository_id,
        run_id=request.key.run_id,
        run_attempt=request.key.run_attempt,
        environment=request.environment,
        kind=kind,
        actor=actor,
        reason=reason,
        detail=detail or {},
    )


def incident_entry(
    incident: Incident,
    kind: str,
    now: datetime,
    *,
    actor: str = GATE,
    reason: str | None = None,
    detail: Mapping[str, object],
) -> AuditEntry:
    """Build the audit entry of something that happened to an incident."""
    place, failure = incident.place, incident.failure
    return AuditEntry(
        at=now,
        installation_id=place.installation_id,
        repository_id=place.repository_id,
        run_id=failure.run_id,
        run_attempt=failure.run_attempt,
        environment=place.environment,
        kind=kind,
        actor=actor,
        reason=reason,
        detail={"incident_id": incident.id, **detail},
    )


def repository_entry(
    repository: Repository,
    kind: str,
    now: datetime,
    *,
    run_id: RunId | None = None,
    run_attempt: int | None = None,
    actor: str = GATE,
    reason: str | None = None,
    detail: Mapping[str, object],
) -> AuditEntry:
    """Build the audit entry of something that happened in a repository, for no request of it."""
    return AuditEntry(
        at=now,
        installation_id=repository.installation_id,
        repository_id=repository.id,
        run_id=run_id,
        run_attempt=run_attempt,
        environment=None,
        kind=kind,
        actor=actor,
        reason=reason,
        detail=dict(detail),
    )
