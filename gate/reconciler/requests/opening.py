"""Open a gate request, or fold one more job into it, and put that on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from gate.domain.model.ids import DeploymentId, InstallationId, RequestId, RequestKey, Sha
from gate.domain.model.request import GateRequest
from gate.domain.model.runs import WorkflowRun
from gate.domain.requests.opening import Opening
from gate.log import get_logger
from gate.reconciler.deps import Deps
from gate.reconciler.trail import request_entry
from gate.store.audit.entries import record_audit
from gate.store.engine.database import Transaction
from gate.store.engine.turns import take_turn
from gate.store.requests import opening

_KINDS: Final = {
    Opening.NEW: "request.opened",
    Opening.JOINED: "request.joined",
    Opening.REOPENED: "request.reopened",
}


log = get_logger(__name__)


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
    request, opened = opening.open_request(
        tx,
        key,
        installation_id=installation_id,
        environment=environment,
        head_sha=head_sha,
        deployment_id=deployment_id,
        now=now,
    )
    if opened is Opening.KNOWN:
        return ()
    kind = "request.adopted" if adopted else _KINDS[opened]
    detail: dict[str, object] = {"deployment_id": deployment_id, "head_sha": head_sha}
    record_audit(tx, request_entry(request, kind, now, detail=detail))
    return (request.id,)


def adopt_later_attempt(request: GateRequest, run: WorkflowRun, deps: Deps) -> None:
    """Open the gate of the attempt that waits in place of the request's own.

    Its webhook may have come before that of its run, and was then taken for one more job of the
    attempt before it.
    """
    now = deps.clock()

    def adopt(tx: Transaction) -> tuple[RequestId, ...]:
        take_turn(tx, request.installation_id)
        return open_gate(
            tx,
            replace(request.key, run_attempt=run.run_attempt),
            installation_id=request.installation_id,
            environment=request.environment,
            head_sha=run.head_sha,
            deployment_id=None,
            now=now,
            adopted=True,
        )

    for request_id in deps.database.transact(adopt):
        log.warning("request.adopted", request_id=request_id, run_id=run.run_id)
