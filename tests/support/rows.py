"""Put requests into a database, and take them to where a test starts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from gate.domain.model.ids import (
    DecisionId,
    DeploymentId,
    InstallationId,
    RequestId,
    RequestKey,
)
from gate.domain.model.request import GateRequest, RequestState, ReviewState
from gate.domain.requests.opening import Opening
from gate.store.engine.database import Database, Snapshot
from gate.store.engine.tables.requests import gate_requests
from gate.store.requests.leases import Lease, release, take_lease
from gate.store.requests.opening import open_request
from gate.store.requests.outcomes import PassRecord, record_answer, record_end, record_pass
from gate.store.requests.requests import due_requests, read_request
from tests.support.builders.defaults import (
    DIGEST,
    ENVIRONMENT,
    INSTALLATION,
    NODE,
    NOW,
    SHA,
    VALIDATION,
)
from tests.support.builders.requests import make_key

LENGTH: Final = timedelta(minutes=3)


def ask(
    database: Database,
    *,
    key: RequestKey | None = None,
    deployment: int | None = 31,
    installation: int = INSTALLATION,
    environment: str = ENVIRONMENT,
    now: datetime = NOW,
) -> tuple[GateRequest, Opening]:
    """Let GitHub ask for an answer."""
    wanted = make_key(environment=environment) if key is None else key
    return database.transact(
        lambda tx: open_request(
            tx,
            wanted,
            installation_id=InstallationId(installation),
            environment=environment,
            head_sha=SHA,
            deployment_id=None if deployment is None else DeploymentId(deployment),
            now=now,
        )
    )


def asked(database: Database, **given: Any) -> GateRequest:
    """Open a request that was not there."""
    request, opening = ask(database, **given)
    assert opening is Opening.NEW
    return request


def reread(database: Database, request: GateRequest) -> GateRequest:
    """Read a request again."""
    found = database.read(lambda snapshot: read_request(snapshot, request.id))
    assert found is not None
    return found


def lease(database: Database, request_id: RequestId, now: datetime = NOW) -> Lease:
    """Take a lease that is there to be taken."""
    taken = database.transact(lambda tx: take_lease(tx, request_id, now, LENGTH, by=NODE))
    assert taken is not None
    return taken


def give_back(database: Database, held: Lease, due_at: datetime | None) -> None:
    """End a lease, whatever happened meanwhile."""
    (generation,) = column(database, held.request_id, "generation")
    database.transact(
        lambda tx: release(tx, held, generation=generation, due_at=due_at, failures=0)
    )


def make_record(**changes: Any) -> PassRecord:
    """Make what a pass writes that found a red validation."""
    values: dict[str, Any] = {
        "state": RequestState.WAITING,
        "verdict": "wait",
        "reason": "validation_failed",
        "decision_id": DecisionId(1),
        "policy_digest": DIGEST,
        "give_up_at": NOW + timedelta(hours=23),
        "recheck_at": NOW + timedelta(minutes=5),
        "watched": (VALIDATION,),
        "missed_at": None,
    }
    return PassRecord(**values | changes)


def wait(database: Database, request: GateRequest, **changes: Any) -> GateRequest:
    """Let a pass hold a request; it is due again in five minutes."""
    held = lease(database, request.id)
    record = make_record(**changes)
    database.transact(lambda tx: record_pass(tx, held, request, record, until=NOW))
    give_back(database, held, NOW + timedelta(minutes=5))
    return reread(database, request)


def answer(
    database: Database,
    request: GateRequest,
    review: ReviewState = ReviewState.APPROVED,
    now: datetime = NOW,
) -> GateRequest:
    """Let GitHub have our answer."""
    held = lease(database, request.id, now)
    database.transact(lambda tx: record_answer(tx, held, request, review, now))
    give_back(database, held, None)
    return reread(database, request)


def end(
    database: Database, request: GateRequest, state: RequestState, now: datetime = NOW
) -> GateRequest:
    """Close a request without an answer of ours."""
    held = lease(database, request.id, now)
    database.transact(lambda tx: record_end(tx, held, request, state, "run_completed", now=now))
    give_back(database, held, None)
    return reread(database, request)


def forget_end(database: Database, request: GateRequest) -> None:
    """Let a request have ended as an older version writes it, which knows no time of it."""
    query = update(gate_requests).where(gate_requests.c.id == request.id).values(ended_at=None)
    database.transact(lambda tx: tx.execute(query).close())


def column(database: Database, request_id: RequestId, *names: str) -> tuple[Any, ...]:
    """Read some columns of a request."""
    query = select(*(gate_requests.c[name] for name in names)).where(
        gate_requests.c.id == request_id
    )
    return tuple(database.read(lambda snapshot: snapshot.execute(query).one()))


def due_ids(snapshot: Snapshot, now: datetime, limit: int) -> list[RequestId]:
    """List the requests that are due, longest first."""
    return [it.id for it in due_requests(snapshot, now, limit)]
