"""Open gate requests, and fold jobs that join into the one there is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import update

from gate.domain.model.hints import RequestHint
from gate.domain.model.ids import (
    DeploymentId,
    InstallationId,
    RequestKey,
    Sha,
)
from gate.domain.model.request import (
    GateRequest,
    RequestState,
)
from gate.domain.requests.opening import Opening, judge_opening
from gate.store.engine.codec import encode_ids
from gate.store.engine.database import Transaction
from gate.store.engine.hints import note
from gate.store.engine.statements.prepared import Prepared
from gate.store.engine.statements.upsert import insert_or_ignore
from gate.store.engine.tables.requests import gate_requests
from gate.store.requests.requests import SELECTED_BY_KEY, key_values, request_of

_t: Final = gate_requests.c
_insert: Final = insert_or_ignore(gate_requests)


_locked_by_key: Final = Prepared(SELECTED_BY_KEY.with_for_update())


def open_request(
    tx: Transaction,
    key: RequestKey,
    *,
    installation_id: InstallationId,
    environment: str,
    head_sha: Sha,
    deployment_id: DeploymentId | None,
    now: datetime,
) -> tuple[GateRequest, Opening]:
    """Open a request, or fold one more deployment into the one there is; see `judge_opening`."""
    ids = () if deployment_id is None else (deployment_id,)
    values = {
        "installation_id": installation_id,
        "repository_id": key.repository_id,
        "run_id": key.run_id,
        "run_attempt": key.run_attempt,
        "environment_key": key.environment,
        "environment": environment,
        "head_sha": head_sha,
        "state": RequestState.OPEN.value,
        "round": 1,
        "deployments": encode_ids(ids),
        "unanswered": encode_ids(ids),
        "opened_at": now,
        "waiting_since": now,
        "generation": 1,
        "watched": "[]",
        "due_at": now,
        "failures": 0,
        "lease_token": 0,
    }
    inserted = _insert.change(tx, values) == 1
    row = _locked_by_key.first(tx, key_values(key))
    request = request_of(row)
    if inserted:
        note(tx, RequestHint(request.id, now, request.installation_id))
        return request, Opening.NEW
    opening = judge_opening(request, deployment_id)
    if opening is Opening.KNOWN:
        return request, opening
    changes: dict[str, object] = {
        "deployments": encode_ids((*request.deployment_ids, *ids)),
        "unanswered": encode_ids((*request.unanswered, *ids)),
        "generation": _t.generation + 1,
        "due_at": now,
    }
    if opening is Opening.REOPENED:
        changes |= {
            "state": RequestState.OPEN.value,
            "round": request.round + 1,
            "waiting_since": now,
            "ended_at": None,
            "missed_at": None,
            "failures": 0,
        }
    note(tx, RequestHint(request.id, now, request.installation_id))
    changing = update(gate_requests).where(_t.id == request.id).values(changes)
    return request_of(tx.execute(changing.returning(gate_requests)).one()), opening
