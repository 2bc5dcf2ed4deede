"""Open a gate request, or fold one more job into it, and put that on record."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gate.domain.model.ids import DeploymentId, InstallationId, RequestId, RequestKey, Sha
from gate.domain.model.request import GateRequest
from gate.store.audit.entries import AuditEntry, record_audit
from gate.store.engine.database import Transaction
from gate.store.requests import requests
from gate.store.requests.requests import Opening

_KINDS: Final = {
    Opening.NEW: "request.opened",
    Opening.JOINED: "request.joined",
    Opening.REOPENED: "request.reopened",
}


def open_gate(
    tx: Transaction,
    key: RequestKey,
    *,
    installation_id: InstallationId,
    environment: str,
    head_sha: Sha,
    deployment_id: DeploymentId | None,
    now: datetime,
    adopted: bool = False,
) -> tuple[RequestId, ...]:
    """Record that GitHub waits for us; give the request when there is something new to look at.

    `adopted` marks a request whose webhook never came.
    """
    request, opening = requests.open_request(
        tx,
        key,
        installation_id=installation_id,
        environment=environment,
        head_sha=head_sha,
        deployment_id=deployment_id,
        now=now,
    )
    if opening is Opening.KNOWN:
        return ()
    kind = "request.adopted" if adopted else _KINDS[opening]
    detail: dict[str, object] = {"deployment_id": deployment_id, "head_sha": head_sha}
    record_audit(tx, request_entry(request, kind, now, detail=detail))
    return (request.id,)


def request_entry(
    request: GateRequest,
    kind: str,
    now: datetime,
    *,
    actor: str = "gate",
    reason: str | None = None,
    detail: dict[str, object] | None = None,
) -> AuditEntry:
    """Make the audit entry of something that happened to a request."""
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
